"""Topics and groups as they are, byte for byte and beside the service: made, filled and read with a client
that knows nothing of events. Every call is on its own and ends within the harness's patience. It reads no other
compression than gzip.
"""

import asyncio
import dataclasses
import sys

import fetched
import harness

sys.path.insert(0, str(fetched.python_packages("python_service")))
import aiokafka  # noqa: E402
import aiokafka.admin  # noqa: E402

# As much as the largest message of any test, with room.
LARGEST_BYTES = 16 << 20


@dataclasses.dataclass
class Message:
    value: bytes | None
    key: bytes | None = None
    headers: list[tuple[str, bytes | None]] = dataclasses.field(default_factory=list)
    partition: int | None = None  # None: as the key says
    timestamp: int | None = None  # in ms; None: now
    offset: int | None = None  # of one that is there


@dataclasses.dataclass
class Group:
    state: str
    clients: list[str]  # the client id of each member


def _run(work):
    return asyncio.run(asyncio.wait_for(work, harness.PATIENCE_SECONDS))


class RawTopic:
    def __init__(self, bootstrap: str, name: str = "openg2p.audit.events"):
        self.bootstrap = bootstrap
        self.name = name

    def create(self, partitions: int, **settings) -> "RawTopic":
        """`settings` with _ for the dots of their names."""
        topic = aiokafka.admin.NewTopic(self.name, partitions, 1, topic_configs={
            name.replace("_", "."): str(value) for name, value in settings.items()})

        async def create(admin):
            answer = await admin.create_topics([topic])
            assert all(error[1] == 0 for error in answer.topic_errors), answer
            # Made, but not known at once to the broker that is asked for it.
            while self.name not in await admin.list_topics():
                await asyncio.sleep(0.05)

        self._administer(create)
        return self

    def exists(self) -> bool:
        async def names(admin):
            return await admin.list_topics()

        return self.name in self._administer(names)

    def produce(self, messages: list[Message]):
        """In order in each partition; all of them are there when it returns, and each knows its place."""
        async def produce():
            async with aiokafka.AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", linger_ms=20,
                                                 max_batch_size=1 << 20, max_request_size=LARGEST_BYTES) as producer:
                sent = [await producer.send(self.name, message.value, message.key, message.partition,
                                            message.timestamp, message.headers) for message in messages]
                for message, place in zip(messages, await asyncio.gather(*sent)):
                    message.partition, message.offset = place.partition, place.offset

        _run(produce())

    def read(self) -> list[Message]:
        """All that is there now, partition by partition."""
        async def read():
            async with self._reader() as reader:
                ends = await reader.end_offsets(reader.assignment())
                messages = []
                for partition in sorted(ends):
                    while await reader.position(partition) < ends[partition]:
                        for found in (await reader.getmany(partition, timeout_ms=1000)).get(partition, []):
                            messages.append(Message(found.value, found.key, list(found.headers), found.partition,
                                                    found.timestamp, found.offset))
                return messages

        return _run(read())

    def ends(self) -> dict[int, int]:
        """The offset behind the last message of each partition."""
        async def ends():
            async with self._reader() as reader:
                return await reader.end_offsets(reader.assignment())

        return {place.partition: offset for place, offset in _run(ends()).items()}

    def committed(self, group: str) -> dict[int, int]:
        """What a group has committed of this topic; nothing for a partition of which it has nothing."""
        async def committed(admin):
            return await admin.list_consumer_group_offsets(group)

        return {place.partition: at.offset for place, at in self._administer(committed).items()
                if place.topic == self.name}

    def delete_before(self, offsets: dict[int, int]):
        """All before an offset, partition by partition, as retention does."""
        async def delete(admin):
            return await admin.delete_records({
                aiokafka.TopicPartition(self.name, partition): aiokafka.admin.RecordsToDelete(offset)
                for partition, offset in offsets.items()})

        self._administer(delete)

    def group(self, name: str) -> Group:
        async def describe(admin):
            return await admin.describe_consumer_groups([name])

        _, _, state, _, _, members, *_ = self._administer(describe)[0].groups[0]
        return Group(state, sorted(member[1] for member in members))

    def _reader(self) -> aiokafka.AIOKafkaConsumer:
        """Of no group: all partitions are its own."""
        return aiokafka.AIOKafkaConsumer(self.name, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest",
                                         max_partition_fetch_bytes=LARGEST_BYTES)

    def _administer(self, work):
        async def administer():
            admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
            await admin.start()
            try:
                while True:
                    try:
                        return await work(admin)
                    except aiokafka.errors.KafkaError as error:
                        if not error.retriable:
                            raise
                    await asyncio.sleep(0.1)  # such as: the group's coordinator is being found
            finally:
                await admin.close()

        return _run(administer())
