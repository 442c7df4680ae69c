"""The labels that people gave their connections, in the table of them."""

from __future__ import annotations

import uuid
from datetime import timedelta

from brokersync.tables import connections_table
from tests.brokersync.rows import connection_row
from tests.brokersync.test_tables import seen

ANOTHER = uuid.UUID("9b5b1d9a-0000-4000-8000-000000000003")


def test_where_nobody_has_a_label_there_is_no_column_for_it() -> None:
    assert "Label" not in seen(connections_table([connection_row()]))


def test_a_label_stands_behind_the_id_and_a_dash_where_there_is_none() -> None:
    rows = [connection_row(label="Jane’s IRA"), connection_row(connection_id=ANOTHER)]
    shown = seen(connections_table(rows)).splitlines()
    assert shown[2].startswith("0b6e2f41    Jane’s IRA  42    schwab  active  in 6 d 23 h  12 s ago  in 4 min")
    assert shown[3].startswith("9b5b1d9a    —           42 ")


def test_the_longest_label_wraps_and_pushes_no_time_out() -> None:
    row = connection_row(label="The joint account that we keep for the house and the garden", user_id="42")
    shown = seen(connections_table([row]))
    assert "Too narrow" not in shown
    assert "in 6 d 23 h  12 s ago  in 4 min" in shown


def test_at_a_label_and_a_long_user_the_next_sync_gives_way_first() -> None:
    row = connection_row(label="Jane’s IRA", user_id=str(ANOTHER), next_sync_in=timedelta(minutes=59))
    assert "Too narrow for: Next sync." in seen(connections_table([row]))
