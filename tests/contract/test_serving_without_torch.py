import subprocess
import sys

BLOCKED = """
import sys, pkgutil, importlib

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "datasets", "training", "sklearn"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
import service
names = [m.name for m in pkgutil.walk_packages(service.__path__, "service.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_the_whole_service_imports_with_torch_blocked() -> None:
    result = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 15
