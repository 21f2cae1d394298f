from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from segsvc.cli import app
from tests.serving import serving

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with serving(tmp_path_factory.mktemp("cli") / "cli.db") as served:
        environment = {"SEGSVC_SERVER": served.target, "SEGSVC_STORE": "shop", "COLUMNS": "200"}

        def invoke(*arguments: str) -> Result:
            return CliRunner().invoke(app, list(arguments), env=environment)

        assert invoke("store", "create", "shop", "--time-zone", "Europe/Berlin").exit_code == 0
        yield invoke


@pytest.fixture(scope="module")
def filled(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("files")
    people = folder / "people.csv"
    people.write_text(
        "id,Land,tags,email,email_status,birthday\n"
        "ann,DE,vip;new,ann@example.com,subscribed,1990-06-01\n"
        "bob,FR,,,,--02-29\n"
        'cy,"DE",,cy@example.com,unsubscribed,1999-02-30\n'
    )
    found = run(
        "import", "contacts", str(people), "-m", "id=contact_id", "-m", "Land=country", "--json"
    )
    assert found.exit_code == 0, found.output
    facts = json.loads(found.stdout)
    assert (facts["rows"], facts["accepted"], facts["rejected"]) == (3, 2, 1)
    assert facts["rejected_file"] == f"{people}.rejected.csv"
    rejected = Path(facts["rejected_file"]).read_text().splitlines()
    assert rejected[1].startswith("3,birthday,TYPE_WRONG,")
    orders = folder / "orders.parquet"
    times = pa.array([1717200000, 1717200001, 1717100000], pa.timestamp("s", "UTC"))
    pq.write_table(
        pa.table({"contact_id": ["ann", "ann", "bob"], "time": times, "value": [40, 70.5, 10]}),
        orders,
    )
    done = run("import", "events", str(orders), "--behavior", "order_placed")
    assert done.exit_code == 0, done.output
    assert "3 of 3 rows applied" in done.stdout
    return run


def test_count_in_both_forms_of_a_condition(filled: Run, tmp_path: Path) -> None:
    text = 'country is "DE" and has done order_placed with count >= 2'
    counted = json.loads(filled("count", text, "--json").stdout)
    assert (counted["contact_count"], counted["universe_count"]) == ("1", "2")
    assert "1 of 2 contacts" in filled("count", text).stdout
    file = tmp_path / "condition.json"
    file.write_text(
        '{"text": {"attribute": "country",'
        ' "test": {"operator": "TEXT_OPERATOR_IS", "values": ["FR"]}}}'
    )
    assert json.loads(filled("count", f"@{file}", "--json").stdout)["contact_count"] == "1"


def test_a_wrong_condition_is_pointed_at(filled: Run) -> None:
    wrong = filled("count", 'country is "DE" und tags any of ("vip")')
    assert wrong.exit_code == 2
    lines = wrong.stderr.splitlines()
    assert lines[-2].index("und") == lines[-1].index("^")
    unknown = filled("count", "shoe_size = 42")
    assert unknown.exit_code == 2
    assert "shoe_size" in unknown.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('in segment "nobody"', "segment 'nobody' does not exist"),
        ('in segment ""', "must not be empty"),
        ("has done visited between 30 days and 10 days ago", "must"),
        ("has done visited with count between 5 and 2", "must not be below the lower bound"),
        ("birthday anniversary in the last 0 days", "must be 1..100,000 days, is 0"),
        ("sample 200%", "must lie between 0 and 100"),
    ],
)
def test_what_a_condition_may_not_mean_is_pointed_at(filled: Run, wrong: str, said: str) -> None:
    shown = filled("count", f'country is "DE" and not ({wrong})')
    assert shown.exit_code == 2
    told, line, carets = shown.stderr.splitlines()
    assert told.startswith("error: ")
    assert said in told
    assert ".test" not in told
    assert "segment_id" not in told
    assert line[carets.index("^") : len(carets)] == wrong


def test_what_is_odd_about_a_condition_is_pointed_at(filled: Run) -> None:
    shown = filled("count", 'country is "DE" and country is "DE"')
    assert shown.exit_code == 0
    told, _, carets = shown.stderr.splitlines()
    assert told.startswith("warning: ")
    assert carets == "  " + " " * 20 + "^" * 15


def test_segments_from_birth_to_death(filled: Run) -> None:
    made = filled("segment", "create", "Germans", 'country is "DE"', "--id", "germans", "--json")
    assert json.loads(made.stdout)["size"]["contact_count"] == "1"
    assert "Germans" in filled("segment", "list").stdout
    assert filled("segment", "copy", "germans", "--new-id", "copied").exit_code == 0
    assert 'country is "DE"' in filled("segment", "show", "copied").stdout
    user = filled("segment", "create", "User", 'in segment "germans"', "--id", "user")
    assert user.exit_code == 0
    refused = filled("segment", "delete", "germans")
    assert refused.exit_code == 1
    assert "SEGMENT_IN_USE" in refused.stderr
    assert "segment/user" in refused.stderr
    assert json.loads(filled("count", "--segment", "user", "--json").stdout)["contact_count"] == "1"
    for segment_id in ("user", "germans", "copied"):
        assert filled("segment", "delete", segment_id).exit_code == 0
    assert "lapsed_buyers" in filled("segment", "suggest").stdout


def test_members_explain_and_resolve(filled: Run) -> None:
    listed = filled("members", "has done order_placed", "-a", "country", "-a", "tags")
    assert listed.stdout.splitlines() == ["contact_id,country,tags", "ann,DE,new;vip", "bob,FR,"]
    assert len(filled("members", "has done order_placed", "--limit", "1").stdout.splitlines()) == 2
    assert "As executed" in filled("explain", "has done order_placed").stdout
    why = filled("explain", 'country is "DE"', "--contact", "bob").stdout
    assert "bob is not in" in why
    assert "country FR" in why
    filled("segment", "create", "Buyers", "has done order_placed", "--id", "buyers")
    resolved = filled("resolve", "--include", "buyers", "--channel", "email")
    assert resolved.stdout.split() == ["ann"]
    assert "1 without address" in resolved.stderr
    resolution_id = re.search(r"--resume (\S+)", resolved.stderr)
    assert resolution_id is not None
    assert filled("resolve", "--resume", resolution_id[1]).stdout.split() == ["ann"]
    assert json.loads(filled("stats", "--json").stdout)["contact_count"] == "2"


def test_triggers_quotas_and_updates(filled: Run) -> None:
    filled("segment", "create", "Locals", 'country is "DE"', "--id", "locals")
    made = filled("trigger", "create", "Welcome", "locals", "--id", "welcome", "--json")
    assert json.loads(made.stdout)["state"] == "TRIGGER_STATE_PAUSED"
    started = filled("trigger", "activate", "welcome", "--current-members", "--json")
    assert json.loads(started.stdout)["trigger"]["entry_count"] == "1"
    filled("quota", "set", "email", "--limit", "0")
    told = filled("segment", "preview", "locals", "country is set", "--sample", "5")
    assert "1 -> 2 contacts: 1 enter, 0 leave" in told.stdout
    assert "+ bob" in told.stdout
    changed = filled(
        "segment", "update", "locals", "country is set", "--trigger-on-update", "entering"
    )
    assert changed.exit_code == 0, changed.output
    assert filled("trigger", "entries", "welcome", "--limit", "-1").exit_code == 2
    seen = filled("trigger", "entries", "welcome", "--ack", "--limit", "2")
    assert [line.split()[-2:] for line in seen.stdout.splitlines()] == [
        ["ann", "activation"],
        ["bob", "segment_update"],
    ]
    shown = filled("trigger", "show", "welcome").stdout
    assert "once" in shown
    assert "none" in shown
    paused = filled("trigger", "pause", "welcome", "--also-stop-in-flow", "--json")
    assert json.loads(paused.stdout)["position"]["last_sequence"] == "3"
    stop = filled("trigger", "entries", "welcome", "--limit", "1", "--json")
    assert json.loads(stop.stdout) == {"stop_before": 3}
    assert "paused" in filled("trigger", "list").stdout
    refused = filled("segment", "delete", "locals")
    assert "trigger/welcome" in refused.stderr
    assert filled("trigger", "delete", "welcome").exit_code == 0
    assert filled("segment", "delete", "locals").exit_code == 0
    assert "month" in filled("quota", "list").stdout
    assert json.loads(filled("quota", "set", "email", "--remove", "--json").stdout)["quotas"] == []


def test_what_cannot_be_is_said(filled: Run) -> None:
    nobody = filled("members", "--segment", "nobody")
    assert nobody.exit_code == 1
    assert "SEGMENT_NOT_FOUND" in nobody.stderr
    assert filled("count").exit_code == 2
    nowhere = filled("stats", "--server", "127.0.0.1:1")
    assert nowhere.exit_code == 1
    assert "no server answers at 127.0.0.1:1" in nowhere.stderr


def test_health_says_whether_the_server_serves(run: Run) -> None:
    assert run("health").stdout == "SERVING\n"
    assert run("health", "--server", "127.0.0.1:1").exit_code == 1


def test_one_contact_by_hand(run: Run) -> None:
    made = run("contact", "set", "zoe", "country=DE", "tags=vip;new", "birthday=1990-06-01")
    assert made.exit_code == 0, made.output
    changed = run("contact", "set", "zoe", "country=", "tags+=late", "tags-=new")
    assert changed.exit_code == 0, changed.output
    shown = json.loads(run("contact", "show", "zoe", "--json").stdout)["contact"]
    assert set(shown["attributes"]) == {"birthday", "tags"}
    assert sorted(shown["attributes"]["tags"]["texts"]["values"]) == ["late", "vip"]
    sold = run("event", "order_placed", "zoe", "value=12.5", "product_ids=a;b", "--event-id", "e1")
    assert sold.exit_code == 0, sold.output
    again = run("event", "order_placed", "zoe", "value=12.5", "--event-id", "e1")
    assert "duplicate" in again.stdout
    assert "order_placed product_ids a;b value 12.5" in run("contact", "show", "zoe").stdout
    assert run("contact", "set", "yan").exit_code == 0
    assert "merged" in run("contact", "merge", "yan", "zoe").stdout
    assert "erased" in run("contact", "delete", "zoe", "--yes").stdout
    assert run("contact", "show", "zoe").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("contact", "set", "zoe", "birthday=1990-02-30"), "birthday"),
        (("contact", "set", "zoe", "nonsense"), "name=value"),
        (("event", "order_placed", "zoe", "value=much"), "value"),
        (("clock", "advance"), "--by or --to"),
        (("clock", "advance", "--by", "soon"), "31 days"),
    ],
)
def test_wrong_input_by_hand_is_told_and_changes_nothing(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    before = json.loads(run("stats", "--json").stdout)["revision"]
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert told in refused.output
    assert json.loads(run("stats", "--json").stdout)["revision"] == before


def test_the_clock_moves_when_told(run: Run) -> None:
    before = json.loads(run("clock", "show", "--json").stdout)
    assert before["clock"] == "CLOCK_KIND_REPLAY"
    moved = run("clock", "advance", "--by", "2 hours", "--json")
    after = json.loads(run("clock", "show", "--json").stdout)
    assert json.loads(moved.stdout)["at"] == after["now"] > before["now"]
    refused = run("clock", "confirm")
    assert refused.exit_code == 1
    assert "CLOCK_NOT_SUSPECT" in refused.output
