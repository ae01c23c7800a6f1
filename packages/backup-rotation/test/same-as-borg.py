"""Runs borg's own pruning rules over the cases on stdin: [{now, zone, rules, archives}] -> [[kept index]]."""
import json, os, sys, time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from borg.helpers import misc

class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fixed

misc.datetime = Clock
utc = lambda ms: datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
answers = []
for case in json.load(sys.stdin):
    os.environ['TZ'] = case['zone']
    time.tzset()
    Clock.fixed = utc(case['now'])
    archives = [SimpleNamespace(id=n, ts=utc(ms)) for n, ms in enumerate(case['archives'])]
    kept = {}
    if case['withinHours']:
        misc.prune_within(archives, case['withinHours'], kept)
    for rule in misc.PRUNING_PATTERNS:
        if case['rules'].get(rule) is not None:
            misc.prune_split(archives, rule, case['rules'][rule], kept)
    answers.append({str(n): because[0] for n, because in kept.items()})
json.dump(answers, sys.stdout)
