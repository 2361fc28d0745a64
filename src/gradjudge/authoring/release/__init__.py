"""From instructor notebooks to releases and solutions."""
