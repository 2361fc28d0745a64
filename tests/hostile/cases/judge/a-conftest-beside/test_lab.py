import pytest


@pytest.mark.item("double")
def test_double_of_one():
    """A number is doubled."""


@pytest.mark.item("double")
def test_double_of_many():
    """Tensors are doubled."""
