"""Refuses a parameter that is given more than once where only one value has a meaning."""

from __future__ import annotations

from typing import get_origin

from fastapi import Request
from pydantic import BaseModel

from beacon.serve.problems import Fault, ProblemError


class RefuseRepeated:
    """A dependency of routes. Without it the last value of several would count, in silence."""

    def __init__(self, *models: type[BaseModel]) -> None:
        """Take the parameters of models; those that are lists may be repeated."""
        self._single = frozenset(
            field.alias or name
            for model in models
            for name, field in model.model_fields.items()
            if get_origin(field.annotation) is not list
        )

    def __call__(self, request: Request) -> None:
        """Refuse the request, naming each such parameter.

        Raises:
            ProblemError: 422.
        """
        given = request.query_params
        # A parameter is among the keys once, however often it is given.
        names = [name for name in given if name in self._single and len(given.getlist(name)) > 1]
        if names:
            message = "Given more than once; give one value"
            said = "; ".join(f"{name}: {message}" for name in names)
            raise ProblemError(
                422,
                "A parameter cannot be used",
                f"{said}. /openapi.json says which parameters are lists.",
                faults=[Fault(message=message, path=name, code="repeated") for name in names],
            )
