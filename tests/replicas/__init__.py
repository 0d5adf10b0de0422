"""Local copies of the publishers' HTTP behaviour, filled with the fictional sample."""
