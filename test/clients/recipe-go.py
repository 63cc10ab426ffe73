"""doc/recipes/go."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
import recipe  # noqa: E402

sys.exit(recipe.main('go', 'Go takes 520 MB'))
