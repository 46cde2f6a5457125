from __future__ import annotations

import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import Client, LocalCluster

from cluster_ai.operations.expressions import evaluate, truth
from cluster_ai.operations.parts import read_lines
from cluster_ai.operations.sources import to_frame, to_rows
from cluster_ai.tasks import TaskFailure, execute, executor, stop

from .support import becomes, spec_of

SALES = [
    {"city": "Porto", "units": 3, "price": 1.5, "day": "2026-01-02"},
    {"city": "Lisboa", "units": 5, "price": 2.0, "day": "2026-01-03"},
    {"city": "Porto", "units": 4, "price": None, "day": "2026-02-03"},
    {"city": None, "units": 1, "price": 9.0, "day": "bad"},
]


class Expressions(unittest.TestCase):
    def value(self, op: str, *args: Any) -> list[Any]:
        frame = to_frame(SALES)
        given = [arg if isinstance(arg, dict) else {"column": arg} if arg in frame.columns else {"value": arg} for arg in args]
        found = evaluate({"op": op, "args": given}, frame)
        return [row["x"] for row in to_rows(pd.DataFrame({"x": found}))]

    def test_each_operator(self) -> None:
        for wanted, got in [
            ([4, 6, 5, 2], self.value("add", "units", 1)),
            ([2.0, 2.5, None, 1 / 9], self.value("divide", "units", "price")),
            ([None] * 4, self.value("divide", "units", 0)),
            ([1, 1, 0, 1], self.value("modulo", "units", 2)),
            ([None] * 4, self.value("modulo", "units", 0)),
            ([9.0, 25.0, 16.0, 1.0], self.value("power", "units", 2)),
            ([-3, -5, -4, -1], self.value("negate", "units")),
            ([True, False, True, None], self.value("eq", "city", "Porto")),
            ([False, True, None, True], self.value("gt", "price", 1.75)),
            ([False, False, True, False], self.value("is_null", "price")),
            (["PORTO", "LISBOA", "PORTO", None], self.value("upper", "city")),
            ([5, 6, 5, None], self.value("length", "city")),
            ([True, False, True, None], self.value("contains", "city", "ort")),
            ([False] * 3 + [None], self.value("contains", "city", ".")),
            ([False, True, False, None], self.value("starts_with", "city", "L")),
            (["Porto: 3", "Lisboa: 5", "Porto: 4", None], self.value("concat", "city", ": ", "units")),
            ([2.0, 2.0, None, 9.0], self.value("round", "price")),
            (
                [None, None, None, 0.0],
                [*self.value("log", {"op": "subtract", "args": [{"value": 0}, {"column": "units"}]})[:3], self.value("log", "units")[3]],
            ),
            ([3.0, 5.0, 4.0, 1.0], self.value("sqrt", {"op": "power", "args": [{"column": "units"}, {"value": 2}]})),
            ([None] * 4, self.value("to_number", "city")),
            (["3", "5", "4", "1"], self.value("to_text", "units")),
            ([2026, 2026, 2026, None], self.value("year", "day")),
            ([1, 1, 2, None], self.value("month", "day")),
            (["many", "many", "many", "few"], self.value("if", {"op": "gt", "args": [{"column": "units"}, {"value": 2}]}, "many", "few")),
            ([3, 5, 4, None], self.value("if", {"op": "gt", "args": [{"column": "units"}, {"value": 2}]}, "units", None)),
        ]:
            self.assertEqual(got, wanted)

    def test_what_cannot_be_done_is_said(self) -> None:
        frame = to_frame(SALES)
        deep: dict[str, Any] = {"column": "units"}
        for _ in range(60):
            deep = {"op": "negate", "args": [deep]}
        for wanted, said in [
            ({"column": "nobody"}, 'no column "nobody"'),
            ({"op": "system", "args": []}, 'no operator "system"'),
            ({"op": "add", "args": [{"column": "units"}]}, '"add" takes 2 arguments'),
            ({"op": "add", "args": [{"column": "city"}, {"value": 1}]}, '"add" cannot be done with string, int'),
            (deep, "nested more than"),
        ]:
            with self.assertRaisesRegex(TaskFailure, said):
                evaluate(wanted, frame)
        with self.assertRaisesRegex(TaskFailure, "true or false"):
            truth({"column": "units"}, frame)


class Lines(unittest.TestCase):
    def test_each_line_is_read_once_wherever_a_file_is_cut(self) -> None:
        import io

        text = b"head\n" + b"".join(b"%d\n" % (7**number) for number in range(20)) + b"end"
        for size in range(1, 60):
            pieces = [
                read_lines(io.BytesIO(text), start, min(len(text), start + size), skips_header=True) for start in range(0, len(text), size)
            ]
            self.assertEqual(b"".join(pieces), text[5:], size)


def has_begun(task: str) -> bool:
    return (task, 1) in executor._runs._runs


class Tables(unittest.TestCase):
    """One cluster for all."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cluster = cls.enterClassContext(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=None))
        cls.client = cls.enterClassContext(Client(cluster))

    def run_task(self, input: dict[str, Any], **more: Any) -> Any:
        spec = spec_of("data_processing", input, dataFolders=[str(self.folder)], **more)
        return json.loads(self.client.submit(execute, spec, pure=False).result(timeout=60)["json"])

    def fails(self, input: dict[str, Any], kind: str, said: str, **more: Any) -> None:
        with self.assertRaisesRegex(TaskFailure, said) as caught:
            self.run_task(input, **more)
        self.assertEqual(caught.exception.kind, kind)

    def steps(self, *steps: dict[str, Any], rows: list[dict[str, Any]] = SALES) -> Any:
        return self.run_task({"source": {"rows": rows}, "steps": list(steps)})

    def test_rows_pass_through_steps(self) -> None:
        self.assertEqual(self.steps(), SALES)
        total = {"op": "multiply", "args": [{"column": "units"}, {"column": "price"}]}
        kept = {"op": "gt", "args": [{"column": "total"}, {"value": 5}]}
        found = self.steps(
            {"op": "map", "columns": {"total": total}}, {"op": "filter", "where": kept}, {"op": "select", "columns": ["city", "total"]}
        )
        self.assertEqual(found, [{"city": "Lisboa", "total": 10.0}, {"city": None, "total": 9.0}])
        found = self.steps(
            {"op": "sort", "by": "units", "descending": True}, {"op": "head", "rows": 2}, {"op": "select", "columns": ["units"]}
        )
        self.assertEqual(found, [{"units": 5}, {"units": 4}])

    def test_tells_how_far_it_is_through_the_scheduler(self) -> None:
        self.run_task({"source": {"rows": SALES}}, id="told", attempt=3)
        told = {"id": "told", "attempt": 3, "type": "progress", "progress": 1.0, "message": "1 of 1 parts"}
        self.assertTrue(becomes(lambda: any(told.items() <= event.items() for _, event in self.client.get_events("cluster-ai"))))

    def test_groups_with_every_aggregate(self) -> None:
        wanted = {name: {"column": "units", "function": name} for name in ("sum", "mean", "min", "max", "std", "nunique", "first", "last")}
        step = {
            "op": "group",
            "by": ["city"],
            "aggregate": {**wanted, "rows": {"function": "count"}, "prices": {"column": "price", "function": "count"}},
        }
        found = {row["city"]: row for row in self.steps(step)}
        plain = {"op": "group", "by": ["city"], "aggregate": {name: each for name, each in step["aggregate"].items() if name != "nunique"}}
        for row in self.steps(plain):
            self.assertEqual({**row, "nunique": found[row["city"]]["nunique"]}, found[row["city"]])
        porto = {"sum": 7, "mean": 3.5, "min": 3, "max": 4, "nunique": 2, "first": 3, "last": 4, "rows": 2, "prices": 1}
        self.assertAlmostEqual(found["Porto"].pop("std"), 0.7071067811865476)
        self.assertEqual(found["Porto"], {"city": "Porto", **porto})
        self.assertEqual((found[None]["rows"], found["Lisboa"]["std"]), (1, None))
        same = self.steps({"op": "group", "by": ["city"], "aggregate": {"known": {"column": "city", "function": "count"}}})
        self.assertEqual(sorted(row["known"] for row in same), [0, 1, 2])

    def test_joins_and_statistics(self) -> None:
        step = {"op": "join", "with": {"rows": [{"city": "Porto", "units": 7, "river": "Douro"}]}, "on": ["city"], "how": "left"}
        found = self.steps(step, {"op": "sort", "by": "units"}, {"op": "select", "columns": ["units", "units_other", "river"]})
        self.assertEqual(found[0], {"units": 1, "units_other": None, "river": None})
        self.assertEqual(found[1], {"units": 3, "units_other": 7, "river": "Douro"})
        found = {row["column"]: row for row in self.steps({"op": "statistics"})}
        self.assertEqual(
            found["units"], {"column": "units", "rows": 4, "missing": 0, "mean": 3.25, "std": 1.707825127659933, "min": 1.0, "max": 5.0}
        )
        self.assertEqual(found["city"]["missing"], 1)
        self.assertIsNone(found["city"]["mean"])

    def test_files_become_files_in_a_folder_that_is_whole(self) -> None:
        (self.folder / "in" / "deep").mkdir(parents=True)
        (self.folder / "in" / "a.csv").write_text('id,name,ok\n1,"x, y",true\n2,,false\n')
        (self.folder / "in" / "deep" / "b.csv").write_text("id,name,ok\n9007199254740993,z,true\n")
        source = {"path": f"{self.folder}/in/**/*.csv"}
        rows = [
            {"id": 1, "name": "x, y", "ok": True},
            {"id": 2, "name": None, "ok": False},
            {"id": 9007199254740993, "name": "z", "ok": True},
        ]
        self.assertEqual(self.run_task({"source": source}), rows)
        for format in ("csv", "jsonl", "parquet"):
            out = str(self.folder / "out" / format)
            wanted = {"source": source, "output": {"format": format, "path": out}}
            made = self.run_task(wanted, id=f"to-{format}")
            self.assertEqual((made["rows"], made["files"]), (3, [f"part-00000.{format}", f"part-00001.{format}"]))
            self.assertEqual(self.run_task({"source": {"path": out}}), rows)
            self.assertEqual(self.run_task(wanted, id=f"to-{format}", attempt=2), made)
            self.fails(wanted, "invalid_input", "is there already")
        self.assertEqual([name for name in os.listdir(self.folder / "out") if name.startswith(".")], [])
        self.assertEqual(self.run_task({"source": source, "output": {"format": "csv"}}).splitlines()[:2], ["id,name,ok", '1,"x, y",True'])

    def test_only_open_folders_are_read_and_written(self) -> None:
        outside = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (outside / "secret.csv").write_text("a\n1\n")
        (self.folder / "link.csv").symlink_to(outside / "secret.csv")
        (self.folder / "linked").symlink_to(outside)
        for path in (
            "/etc/passwd",
            f"{outside}/secret.csv",
            f"{self.folder}/../{outside.name}/*.csv",
            f"{self.folder}/link.csv",
            f"{self.folder}/linked/*",
        ):
            self.fails({"source": {"path": path, "format": "csv"}}, "forbidden", "not below a folder")
        rows = {"rows": SALES}
        for path in (str(outside / "new"), f"{self.folder}/linked/new", f"{self.folder}/../{outside.name}/new", str(self.folder)):
            self.fails({"source": rows, "output": {"format": "csv", "path": path}}, "forbidden", "not below a folder")
        self.assertEqual(os.listdir(outside), ["secret.csv"])

    def test_a_stop_ends_it(self) -> None:
        source = {"rows": [{"a": 1}] * 40_000}
        calm = {"op": "map", "columns": {"a": {"op": "add", "args": [{"column": "a"}, {"value": 1}]}}}
        spec = spec_of("data_processing", {"source": source, "steps": [calm, {"op": "sort", "by": "a"}] * 12}, id="stopped-data")
        future = self.client.submit(execute, spec, pure=False)
        self.assertTrue(becomes(lambda: any(self.client.run(has_begun, "stopped-data").values())))
        self.client.run(stop, "stopped-data", 1)  # on the loop of its worker, as the bridge does
        with self.assertRaisesRegex(TaskFailure, "was stopped"):
            future.result(timeout=60)

    def test_says_which_step_or_value_is_wrong(self) -> None:
        self.fails(
            {"source": {"rows": SALES}, "steps": [{"op": "head", "rows": 1}, {"op": "sort", "by": "x"}]},
            "invalid_input",
            r"Step 2 \(sort\): .*no column",
        )
        self.fails({"source": {"rows": SALES}}, "result_too_large", "225 bytes, and 20 are allowed", maxBytes=20)
        (self.folder / "late.csv").write_text("id\n" + "1\n" * 600_000 + "late\n")
        self.fails({"source": {"path": f"{self.folder}/late.csv"}}, "invalid_input", '"id" of late.csv began as Int64')
