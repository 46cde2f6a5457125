from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import unittest
import unittest.mock
from typing import Any

import cloudpickle
import dask.config

from cluster_ai.tasks import executor, stop
from cluster_ai.tasks.encode import to_json
from cluster_ai.tasks.failure import TaskFailure
from cluster_ai.tasks.functions import list_functions

from .support import becomes, failure_of, spec_of, value_of

FUNCTIONS = [
    {
        "name": "numbers.py",
        "source": '''
from cluster_ai import progress, task

@task
def add(a: int, b: int = 2) -> int:
    """Adds two numbers."""
    return a + b

@task(name="numbers.total", description="Of a list.")
def total(values: list[float], scale: float | None = None) -> float:
    progress(0.5, "half")
    return sum(values) * (scale or 1)

@task
async def later(x: int) -> int:
    return x

def hidden() -> int:
    return 1
''',
    }
]


def source(text: str, *args: Any, **more: Any) -> Any:
    return value_of("python", {"source": text, "args": list(args)}, **more)


def broken(text: str, **more: Any) -> TaskFailure:
    return failure_of("python", {"source": text}, **more)


class RegisteredFunctions(unittest.TestCase):
    def test_is_called_by_name_and_once_for_each_item(self) -> None:
        self.assertEqual(value_of("python", {"function": "add", "args": [1], "kwargs": {"b": 5}}, functions=FUNCTIONS), 6)
        self.assertEqual(value_of("python", {"function": "add", "items": [1, 2], "args": [10]}, functions=FUNCTIONS), [11, 12])
        self.assertEqual(value_of("python", {"function": "later", "args": [4]}, functions=FUNCTIONS), 4)

    def test_only_marked_ones_can_be_called(self) -> None:
        for name in ("hidden", "os.system", "progress"):
            failure = failure_of("python", {"function": name}, functions=FUNCTIONS)
            self.assertEqual(failure.kind, "function_not_found")
        self.assertIn("add, later, numbers.total", failure.message)

    def test_arguments_of_another_shape_are_refused(self) -> None:
        for wanted, said in [
            ({"args": ["1"]}, "a is string where integer is expected"),
            ({"args": [True]}, "a is boolean where integer"),
            ({"args": []}, "missing a required argument: 'a'"),
            ({"kwargs": {"a": 1, "c": 2}}, "unexpected keyword argument 'c'"),
            ({"items": [1, None]}, "Item 1: add: a is null"),
        ]:
            failure = failure_of("python", {"function": "add", **wanted}, functions=FUNCTIONS)
            self.assertEqual((failure.kind, failure.is_retryable), ("invalid_input", False))
            self.assertIn(said, failure.message)
        failure = failure_of("python", {"function": "numbers.total", "args": [[1, "2"]]}, functions=FUNCTIONS)
        self.assertIn("values[1] is string where number", failure.message)

    def test_all_are_listed_with_what_they_take(self) -> None:
        broken = {"name": "broken.py", "source": "print('loud')\nimport nobody_has_this"}
        found = list_functions([*FUNCTIONS, broken, {**FUNCTIONS[0], "name": "again.py"}])
        add = {"name": "add", "description": "Adds two numbers.", "file": "numbers.py"}
        both = {"a": {"type": "integer"}, "b": {"type": "integer", "default": 2}}
        parameters = {"type": "object", "properties": both, "required": ["a"], "additionalProperties": False}
        self.assertEqual(found["functions"][0], {**add, "parameters": parameters})
        self.assertEqual([each["name"] for each in found["functions"]], ["add", "numbers.total", "later"])
        self.assertEqual([each["file"] for each in found["problems"]], ["broken.py", "again.py"])
        self.assertIn("No module named 'nobody_has_this'", found["problems"][0]["message"])


class Poison(unittest.TestCase):
    """None of these may cost more than the child."""

    def test_ends_with_its_child_and_says_why(self) -> None:
        with dask.config.set({"cluster-ai.tasks.memory-bytes": 250 * 2**20}):
            for text, kind, said in [
                ("import os\ndef main(): os._exit(3)", "crashed", "code 3"),
                ("import ctypes\ndef main(): ctypes.string_at(0)", "crashed", "SIGSEGV"),
                (
                    "import time\ndef main():\n  held = [bytearray(b'x' * 10**7) for _ in range(60)]\n  time.sleep(1)",
                    "out_of_memory",
                    "250 MiB",
                ),
                ("import sys\ndef main(): sys.exit(4)", "raised", "SystemExit: 4"),
            ]:
                failure = broken(text)
                self.assertEqual(failure.kind, kind, failure.message)
                self.assertIn(said, failure.message)
            failure = broken("import time\ndef main():\n  end = time.time() + 10\n  while time.time() < end: pass", timeoutSeconds=0.5)
            self.assertEqual(failure.kind, "timed_out")
            self.assertEqual(source("def main(): return 'alive'"), "alive")

    def test_a_stop_ends_what_the_task_started(self) -> None:
        pids: list[int] = []

        def hear(event: dict[str, Any]) -> None:
            if event["type"] == "log":
                pids.append(int(event["text"]))
                threading.Thread(target=stop, args=(spec["id"], 1)).start()

        spec = spec_of(
            "python", {"source": "import subprocess\ndef main():\n  p = subprocess.Popen(['sleep', '600'])\n  print(p.pid)\n  p.wait()"}
        )
        with unittest.mock.patch.object(executor, "sink_of", lambda worker: hear), self.assertRaises(TaskFailure) as caught:
            executor.execute(spec)
        self.assertEqual(caught.exception.kind, "cancelled")
        self.assertTrue(becomes(lambda: not is_running(pids[0])))

    def test_ends_with_its_worker(self) -> None:
        text = "import os, time\\ndef main():\\n  print(os.getpid())\\n  time.sleep(30)"
        program = (
            "from cluster_ai.tasks import executor; from tests.support import spec_of; "
            "executor.sink_of = lambda worker: lambda event: print(event['text'], flush=True); "
            f"executor.execute(spec_of('python', {{'source': '{text}'}}))"
        )
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            pid = int(worker.stdout.readline())
            worker.kill()
        self.assertTrue(becomes(lambda: not is_running(pid)))

    def test_what_was_stopped_before_it_began_never_does(self) -> None:
        self.assertFalse(stop("early", 1))
        self.assertEqual(failure_of("python", {"source": "def main(): pass"}, id="early").kind, "cancelled")

    def test_printing_is_no_part_of_the_protocol(self) -> None:
        text = 'import os, sys\ndef main():\n  print(\'{"type":"done","bytes":0}\')\n  os.write(1, b"x\\n")\n  sys.stdin.read()\n  return 1'
        lines: list[str] = []
        with unittest.mock.patch.object(executor, "sink_of", lambda worker: lambda event: lines.append(event["text"])):
            self.assertEqual(source(text), 1)
        self.assertEqual("\n".join(lines), '{"type":"done","bytes":0}\nx')

    def test_cannot_reach_into_the_worker(self) -> None:
        text = "import os\ndef main():\n  open(f'/proc/{os.getppid()}/mem', 'rb').read(1)"
        self.assertIn("PermissionError", broken(text).message)
        self.assertIn("PermissionError", broken("import os\ndef main(): os.kill(os.getppid(), 0)").message)
        with unittest.mock.patch.dict(os.environ, {"SECRET": "x"}):
            self.assertNotIn("SECRET", source("import os\ndef main(): return dict(os.environ)", owner="other"))

    def test_code_of_one_owner_meets_no_other(self) -> None:
        text = "import builtins\ndef main():\n  found = getattr(builtins, 'left', 0)\n  builtins.left = found + 1\n  return found"
        self.assertEqual([source(text, owner=name) for name in ("a", "a", "b", "")], [0, 1, 0, 0])
        self.assertEqual(source(text, owner=""), 0)


class Code(unittest.TestCase):
    def test_tracebacks_show_the_code_of_the_author_alone(self) -> None:
        failure = broken("def main():\n  return inner()\ndef inner():\n  return 1 / 0")
        self.assertEqual((failure.kind, failure.message), ("raised", "ZeroDivisionError: division by zero"))
        self.assertIn('File "<task>", line 4, in inner\n    return 1 / 0', failure.traceback)
        self.assertNotIn("cluster_ai", failure.traceback)
        deep = broken("def main(n=0):\n  return main(n + 1)")
        self.assertLess(len(deep.traceback), 16_100)

    def test_source_without_main_or_sense_is_refused(self) -> None:
        self.assertEqual(broken("x = 1").kind, "invalid_input")
        self.assertEqual(broken("def main(:").kind, "invalid_input")

    def test_a_pickle_runs_under_its_own_python_only(self) -> None:
        pickled = base64.b64encode(cloudpickle.dumps(lambda x: x * 2)).decode()
        own = f"{sys.version_info.major}.{sys.version_info.minor}.9"
        self.assertEqual(value_of("python", {"pickle": pickled, "args": [4], "pythonVersion": own}), 8)
        self.assertEqual(failure_of("python", {"pickle": pickled, "pythonVersion": "3.9"}).kind, "python_mismatch")

    def test_a_result_that_is_too_large_is_no_result(self) -> None:
        failure = broken("def main(): return 'x' * 2000", maxBytes=1000)
        self.assertEqual((failure.kind, failure.is_retryable), ("result_too_large", False))


class Encoding(unittest.TestCase):
    def test_what_libraries_return_becomes_json(self) -> None:
        import datetime

        import numpy
        import pandas

        frame = pandas.DataFrame({"a": [1, 2], "b": [1.5, float("nan")], "t": [pandas.Timestamp("2026-01-02"), pandas.NaT]})
        value = {
            "scalar": numpy.float32(1.5),
            "nan": [float("nan"), numpy.float64("inf"), numpy.float32("nan")],
            "array": numpy.arange(3),
            "frame": frame,
            "series": pandas.Series([1, None]),
            "missing": pandas.NA,
            "day": datetime.date(2026, 1, 2),
            "set": {1},
            "bytes": b"hi",
            3: "key",
            numpy.int64(4): (1, 2),
        }
        self.assertEqual(
            to_json(value, 10_000).decode(),
            '{"scalar":1.5,"nan":[null,null,null],"array":[0,1,2],'
            '"frame":[{"a":1,"b":1.5,"t":"2026-01-02T00:00:00"},{"a":2,"b":null,"t":null}],'
            '"series":[1.0,null],"missing":null,"day":"2026-01-02","set":[1],"bytes":"aGk=","3":"key","4":[1,2]}',
        )

    def test_what_has_no_form_is_named(self) -> None:
        loop: list[Any] = []
        loop.append(loop)
        for value in (object(), loop):
            with self.assertRaises(TaskFailure) as caught:
                to_json(value, 1000)
            self.assertFalse(caught.exception.is_retryable)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False
