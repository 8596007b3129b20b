"""What an administrator of the brokers does in tests, through librdkafka's own C interface, which the product needs
anyway: rights, settings of topics, and the end of topics and records. It comes by the listener without security."""

import ctypes

# As librdkafka numbers them: rd_kafka_ResourceType_t, rd_kafka_ResourcePatternType_t, rd_kafka_AclOperation_t,
# rd_kafka_AclPermissionType_t, rd_kafka_type_t.
RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
LITERAL = 3
OPERATIONS = {"READ": 3, "WRITE": 4, "CREATE": 5, "DELETE": 6, "ALTER": 7, "DESCRIBE": 8,
              "DESCRIBE_CONFIGS": 10, "IDEMPOTENT_WRITE": 12}
ALLOW = 3
CONSUMER = 1

PATIENCE_MS = 60_000
CLUSTER = "kafka-cluster"  # the one resource of its type

Pointer = ctypes.c_void_p


def operation_of(spelling: str) -> str:
    """As in OPERATIONS what the brokers' own tools write: "IdempotentWrite"."""
    return "".join(f"_{each}" if each.isupper() else each.upper() for each in spelling).removeprefix("_")


class KafkaAdmin:
    """A context manager. Each method returns when the brokers have done it, and raises where they do not."""

    def __init__(self, bootstrap: str):
        self.library = ctypes.CDLL("librdkafka.so.1")
        self.why = ctypes.create_string_buffer(512)
        self.room = (self.why, ctypes.c_size_t(len(self.why)))
        configuration = self._make("rd_kafka_conf_new")
        self.library.rd_kafka_conf_set(configuration, b"bootstrap.servers", bootstrap.encode(), *self.room)
        self.library.rd_kafka_conf_set(configuration, b"allow.auto.create.topics", b"false", *self.room)
        self.client = self._make("rd_kafka_new", CONSUMER, configuration, *self.room)

    def __enter__(self) -> "KafkaAdmin":
        return self

    def __exit__(self, *_):
        self.library.rd_kafka_destroy(self.client)

    def allow(self, user: str, operations: str, resource: str, name: str):
        """`operations` are separated by commas: allow("audit", "READ,WRITE", "topic", "events")."""
        for operation in operations.split(","):
            rule = self._make("rd_kafka_AclBinding_new", RESOURCES[resource], name.encode(), LITERAL,
                              f"User:{user}".encode(), b"*", OPERATIONS[operation], ALLOW, *self.room)
            self._call("CreateAcls", rule, "rd_kafka_CreateAcls_result_acls", self._error_of_rule)

    def set_topic(self, topic: str, **settings):
        """Exactly these settings, with _ for . in their names; others go back to what the brokers have."""
        resource = self._make("rd_kafka_ConfigResource_new", RESOURCES["topic"], topic.encode())
        for name, value in settings.items():
            self.library.rd_kafka_ConfigResource_set_config(resource, name.replace("_", ".").encode(),
                                                            str(value).encode())
        self._call("AlterConfigs", resource, "rd_kafka_AlterConfigs_result_resources",
                   self.library.rd_kafka_ConfigResource_error)

    def topic_setting(self, topic: str, name: str) -> str:
        resource = self._make("rd_kafka_ConfigResource_new", RESOURCES["topic"], topic.encode())
        found = []

        def read(described: Pointer) -> int:
            count = ctypes.c_size_t()
            self.library.rd_kafka_ConfigResource_configs.restype = ctypes.POINTER(Pointer)
            entries = self.library.rd_kafka_ConfigResource_configs(described, ctypes.byref(count))
            for entry in entries[:count.value]:
                if self._text("rd_kafka_ConfigEntry_name", Pointer(entry)) == name:
                    found.append(self._text("rd_kafka_ConfigEntry_value", Pointer(entry)))
            return self.library.rd_kafka_ConfigResource_error(described)

        self._call("DescribeConfigs", resource, "rd_kafka_DescribeConfigs_result_resources", read)
        return found[0]

    def delete_topic(self, topic: str):
        deletion = self._make("rd_kafka_DeleteTopic_new", topic.encode())
        self._call("DeleteTopics", deletion, "rd_kafka_DeleteTopics_result_topics",
                   self.library.rd_kafka_topic_result_error)

    def delete_records(self, topic: str, partition: int, before: int):
        offsets = self._make("rd_kafka_topic_partition_list_new", 1)
        self._make("rd_kafka_topic_partition_list_add", offsets, topic.encode(), partition)
        self.library.rd_kafka_topic_partition_list_set_offset(offsets, topic.encode(), partition,
                                                              ctypes.c_int64(before))
        self._call("DeleteRecords", self._make("rd_kafka_DeleteRecords_new", offsets))
        low, _ = self.ends(topic, partition)
        if low != before:
            raise RuntimeError(f"{topic}/{partition} begins at {low}, not at {before}")

    def ends(self, topic: str, partition: int) -> tuple[int, int]:
        """The offsets of the first record and behind the last one."""
        low, high = ctypes.c_int64(), ctypes.c_int64()
        self._check(self.library.rd_kafka_query_watermark_offsets(
            self.client, topic.encode(), partition, ctypes.byref(low), ctypes.byref(high), PATIENCE_MS))
        return low.value, high.value

    def _make(self, function: str, *arguments) -> Pointer:
        called = getattr(self.library, function)
        called.restype = Pointer
        made = called(*arguments)
        if not made:
            raise RuntimeError(f"{function}: {self.why.value.decode()}")
        return Pointer(made)

    def _text(self, function: str, *arguments) -> str:
        called = getattr(self.library, function)
        called.restype = ctypes.c_char_p
        return called(*arguments).decode()

    def _check(self, code: int):
        if code != 0:
            raise RuntimeError(self._text("rd_kafka_err2str", code))

    def _error_of_rule(self, result: Pointer) -> int:
        self.library.rd_kafka_acl_result_error.restype = Pointer
        error = self.library.rd_kafka_acl_result_error(result)
        return self.library.rd_kafka_error_code(Pointer(error)) if error else 0

    def _call(self, function: str, subject: Pointer, results: str | None = None, error_of=None):
        """A call of the admin interface about one thing; `results` gives a list of one, `error_of` its error."""
        queue = self._make("rd_kafka_queue_new", self.client)
        start = getattr(self.library, f"rd_kafka_{function}")
        start(self.client, (Pointer * 1)(subject), ctypes.c_size_t(1), None, queue)
        event = self._make("rd_kafka_queue_poll", queue, PATIENCE_MS)
        self._check(self.library.rd_kafka_event_error(event))
        if results:
            answer = self._make(f"rd_kafka_event_{function}_result", event)
            of_each = getattr(self.library, results)
            of_each.restype = ctypes.POINTER(Pointer)
            self._check(error_of(Pointer(of_each(answer, ctypes.byref(ctypes.c_size_t()))[0])))
        self.library.rd_kafka_event_destroy(event)
        self.library.rd_kafka_queue_destroy(queue)
