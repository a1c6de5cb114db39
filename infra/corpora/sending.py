"""`nabat replay --to kafka`: the rows of a replay, appended to the journal's topic instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from connectors.broker import Producer
from infra.corpora.journals import reach_kafka, to_key
from infra.corpora.outputs import Outputs
from infra.corpora.replay import Corpus, Line, Summary, read_corpus
from infra.settings import Settings
from streams.models import DeadLetter, Document, encode
from streams.shell.topics import Topics

REPORT_EVERY = 1000  # rows


def send_corpus(
    corpus: Corpus,
    settings: Settings,
    paths: Mapping[str, str],
    report: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Append settings and rows in their order, dead letters to their topic and file.

    Raises ConnectionError if Kafka is not there at the beginning; later it is waited for.
    """
    started, summary = time.perf_counter(), Summary()
    topics = Topics(settings.engines.prefix, settings.engines.partitions)
    reach_kafka(settings)
    producer = Producer(settings.engines.kafka)
    with Outputs(paths) as outputs:
        for one in read_corpus(corpus):
            if isinstance(one, DeadLetter):
                outputs.write("deadletters", [one])
                producer.send(topics.name("deadletters"), one.sha256.encode(), encode(one))
            else:
                producer.send(topics.name("journal"), to_key(one[1]), encode(one[1]))
            _count(summary, one)
            if summary.rows % REPORT_EVERY == 0:
                report(summary)
    producer.close()
    summary.seconds = time.perf_counter() - started
    return summary


def _count(summary: Summary, one: Line | DeadLetter) -> None:
    if isinstance(one, DeadLetter):
        summary.is_cut |= one.reason == "truncated"
        summary.deadletters += 1
        return
    place, row = one
    summary.rows += 1
    summary.valid += place.line is not None
    summary.documents += isinstance(row, Document)
