"""Person-level data: from a supplier's extract to protected counts that may leave.

What belongs here: the contract and gate of an extract, cohorts and care gaps, their disclosure
control, and the one function through which aggregates cross into the ordinary home. What does not:
anything that reads those aggregates (marts, pages, workbook).

Rows of persons stay in the secure home. No message, log line or exception of this package carries a
value of a person: it says which file, row and column, never what was in it.
"""
