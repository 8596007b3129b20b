package audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.data.PojoCloudEventData;
import io.cloudevents.jackson.JsonFormat;
import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Audit events from a Java program, sent in the background to Audit Manager.
 *
 * <pre>{@code
 * AuditSender audit = new AuditSender("http://127.0.0.1:8000/v1/auditmanager", "/registry");
 * audit.emit(audit.event("record.updated",
 *     Map.of("actor", Map.of("id", "ann"), "action", "update", "outcome", "success")));
 * audit.close(Duration.ofSeconds(10));
 * }</pre>
 *
 * emit() never waits and never throws: a thread sends what it took, again and again until the service has it. The
 * buffer is bounded and in memory, so close() at the end of the program. Any thread may call any of these.
 */
public final class AuditSender implements AutoCloseable {
  // What the service takes in one request.
  private static final int BATCH_EVENTS = 500;
  private static final int BATCH_BYTES = 16 << 20;

  // Sent again, these bodies would be refused again. Any other answer but 202 may be a passing one.
  private static final Set<Integer> REFUSED_FOR_GOOD = Set.of(400, 413, 415, 422);

  private static final long FIRST_WAIT_MS = 100;
  private static final long LONGEST_WAIT_MS = 5_000; // unless the service asks for more
  private static final long LONGEST_ASKED_MS = 600_000;

  private static final Pattern EVENT_PATH = Pattern.compile("events\\[(\\d{1,6})\\]\\.?(.*)");
  private static final ObjectMapper JSON = new ObjectMapper();

  private record Event(String id, byte[] json) {}

  private final Logger log = System.getLogger("audit");
  private final URI url;
  private final URI source;
  private final int bufferEvents;
  private final long bufferBytes;
  private final Duration timeout;
  private final JsonFormat format = new JsonFormat();
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Thread thread = new Thread(this::run, "audit");

  // Guarded by this, as is all that follows.
  private final Deque<Event> waiting = new ArrayDeque<>(); // oldest first
  private int unsettledEvents = 0; // those that wait, and those of the request under way
  private long unsettledBytes = 0;
  private long accepted = 0;
  private long refused = 0;
  private long dropped = 0;
  private long dropsSaid = 0;
  private boolean closing = false;
  private long deadline = Long.MAX_VALUE / 2; // by now(): never; half, so that no difference overflows

  public AuditSender(String url, String source) {
    this(url, source, 10_000, 64 << 20, Duration.ofSeconds(10));
  }

  public AuditSender(String url, String source, int bufferEvents, long bufferBytes, Duration timeout) {
    this.url = URI.create(url.replaceAll("/$", "") + "/events/batch");
    this.source = URI.create(source);
    this.bufferEvents = bufferEvents;
    this.bufferBytes = bufferBytes;
    this.timeout = timeout;
    thread.setDaemon(true); // a program that ends without close() does end
    thread.start();
  }

  /** Events that the service has. */
  public synchronized long accepted() {
    return accepted;
  }

  /** Events that break a rule; logged one by one. */
  public synchronized long refused() {
    return refused;
  }

  /** Events for which the buffer had no room. */
  public synchronized long dropped() {
    return dropped;
  }

  /**
   * The beginning of an event about `data`, which is not null: add a subject or an extension (traceparent), or replace
   * its id and time, and give it to emit(). They are set here, once: a repeat with another id or time would be another
   * event.
   */
  public CloudEventBuilder event(String type, Object data) {
    return CloudEventBuilder.v1()
        .withId(UUID.randomUUID().toString())
        .withTime(OffsetDateTime.now(ZoneOffset.UTC))
        .withSource(source)
        .withType(type)
        .withData("application/json", PojoCloudEventData.wrap(data, JSON::writeValueAsBytes));
  }

  /** Takes an event and returns at once. False: it is not taken, which is counted and logged. */
  public boolean emit(CloudEventBuilder builder) {
    Event event;
    try {
      CloudEvent built = builder.build();
      event = new Event(built.getId(), format.serialize(built));
    } catch (RuntimeException error) { // whatever it is, the caller's request goes on
      synchronized (this) {
        refused += 1;
      }
      log.log(Level.ERROR, "an event is refused before it is sent: {0}", error.getMessage());
      return false;
    }
    boolean first;
    String why;
    synchronized (this) {
      if (!closing && unsettledEvents < bufferEvents && unsettledBytes + event.json.length <= bufferBytes) {
        waiting.add(event);
        unsettledEvents += 1;
        unsettledBytes += event.json.length;
        notifyAll();
        return true;
      }
      dropped += 1;
      first = dropped == dropsSaid + 1;
      why = closing ? "closed" : "full";
    }
    if (first) { // one line when it begins, and one with the number when it is over
      log.log(Level.ERROR, "the buffer is {0}: events are dropped", why);
    }
    return false;
  }

  /** close(Duration) with ten seconds. */
  @Override
  public void close() {
    close(Duration.ofSeconds(10));
  }

  /** Takes no more, sends what is there, and returns how many events were not sent within the time. */
  public int close(Duration within) {
    synchronized (this) {
      closing = true;
      deadline = now() + within.toMillis();
      notifyAll();
    }
    try {
      thread.join(Math.max(1, within.toMillis())); // 0 would be for ever
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      sayDrops();
      if (unsettledEvents > 0) {
        log.log(Level.ERROR, "{0} events were not sent before the end", Integer.toString(unsettledEvents));
      }
      return unsettledEvents;
    }
  }

  private void run() {
    try {
      for (List<Event> batch = nextBatch(); !batch.isEmpty(); batch = nextBatch()) {
        deliver(batch);
      }
    } catch (InterruptedException error) {
      log.log(Level.ERROR, "the sender was interrupted: no more events are sent");
    }
  }

  /** Waits for events, and returns as many as one request holds. Empty: the end. */
  private synchronized List<Event> nextBatch() throws InterruptedException {
    while (waiting.isEmpty() && !closing) {
      wait();
    }
    List<Event> batch = new ArrayList<>();
    if (now() >= deadline) {
      return batch;
    }
    long size = 2;
    while (!waiting.isEmpty() && batch.size() < BATCH_EVENTS) {
      size += waiting.peek().json.length + 1;
      if (!batch.isEmpty() && size > BATCH_BYTES) {
        break;
      }
      batch.add(waiting.remove());
    }
    return batch;
  }

  /**
   * Sends until the fate of each event is known, or the deadline of close() is over. The service takes a request whole
   * or not at all: what it refuses is left out, and the rest sent without it.
   */
  private void deliver(List<Event> batch) throws InterruptedException {
    Deque<List<Event>> parts = new ArrayDeque<>(List.of(batch));
    while (!parts.isEmpty()) {
      List<Event> part = parts.pop();
      HttpResponse<String> answer = post(part);
      if (answer == null) {
        return;
      }
      if (answer.statusCode() == 202) {
        settle(part, true);
        continue;
      }
      Map<Integer, List<String>> reasons = refusals(answer.body(), part.size());
      if (reasons.isEmpty() && part.size() > 1) {
        // The answer names no event: a limit below ours, or a proxy. Halves find the one that is meant.
        int middle = part.size() / 2;
        parts.push(part.subList(middle, part.size()));
        parts.push(part.subList(0, middle));
        continue;
      }
      if (reasons.isEmpty()) {
        reasons.put(0, List.of());
      }
      List<Event> out = new ArrayList<>();
      List<Event> rest = new ArrayList<>();
      for (int index = 0; index < part.size(); ++index) {
        (reasons.containsKey(index) ? out : rest).add(part.get(index));
      }
      reasons.forEach((index, reason) -> log.log(Level.ERROR, "event {0} is refused: HTTP {1} {2}",
          part.get(index).id, Integer.toString(answer.statusCode()), String.join(", ", reason)));
      settle(out, false);
      if (!rest.isEmpty()) {
        parts.push(rest);
      }
    }
  }

  /** The service's word on these events: 202, or refused for good. Null: the deadline of close() is over. */
  private HttpResponse<String> post(List<Event> part) throws InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(url)
        .header("Content-Type", "application/cloudevents-batch+json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(body(part)))
        .build();
    long longestWait = FIRST_WAIT_MS;
    for (long left = left(); left > 0; left = left()) {
      long asked = 0;
      String why;
      CompletableFuture<HttpResponse<String>> answering =
          client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
      try {
        HttpResponse<String> answer = answering.get(Math.min(timeout.toMillis(), left), TimeUnit.MILLISECONDS);
        if (answer.statusCode() == 202 || REFUSED_FOR_GOOD.contains(answer.statusCode())) {
          return answer;
        }
        why = "HTTP " + answer.statusCode();
        asked = retryAfterMs(answer.headers().firstValue("Retry-After").orElse(""));
      } catch (ExecutionException error) {
        why = error.getCause().getClass().getSimpleName();
      } catch (TimeoutException error) {
        answering.cancel(true);
        why = "no answer in time";
      }
      // Not all callers at once, and not before the service asked for it.
      long jittered = ThreadLocalRandom.current().nextLong(longestWait / 2, longestWait + 1);
      long wait = Math.max(Math.min(asked, LONGEST_ASKED_MS), jittered);
      longestWait = Math.min(2 * longestWait, LONGEST_WAIT_MS);
      log.log(Level.WARNING, "{0} events not sent yet: {1}; next try in {2} ms", Integer.toString(part.size()), why,
          Long.toString(wait));
      pause(wait);
    }
    return null;
  }

  private static byte[] body(List<Event> part) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    char before = '[';
    for (Event event : part) {
      body.write(before);
      body.writeBytes(event.json);
      before = ',';
    }
    body.write(']');
    return body.toByteArray();
  }

  private synchronized void pause(long ms) throws InterruptedException {
    long end = now() + ms;
    // emit() notifies too, and close() brings the deadline nearer.
    for (long left = Math.min(end, deadline) - now(); left > 0; left = Math.min(end, deadline) - now()) {
      wait(left);
    }
  }

  private synchronized void settle(List<Event> events, boolean taken) {
    if (taken) {
      accepted += events.size();
    } else {
      refused += events.size();
    }
    unsettledEvents -= events.size();
    unsettledBytes -= events.stream().mapToLong(event -> event.json.length).sum();
    sayDrops();
  }

  private synchronized void sayDrops() {
    if (dropped > dropsSaid) {
      log.log(Level.ERROR, "{0} events were dropped", Long.toString(dropped - dropsSaid));
      dropsSaid = dropped;
    }
  }

  private synchronized long left() {
    return deadline - now();
  }

  private static long now() {
    return System.nanoTime() / 1_000_000;
  }

  /** By index of the event: what is wrong with it, as code and path. Never a value: it may name a person. */
  private static Map<Integer, List<String>> refusals(String body, int events) {
    Map<Integer, List<String>> reasons = new TreeMap<>();
    JsonNode errors;
    try {
      errors = JSON.readTree(body).path("errors");
    } catch (JsonProcessingException error) {
      return reasons; // a proxy's page, not the service's envelope
    }
    for (JsonNode error : errors) {
      Matcher named = EVENT_PATH.matcher(error.path("path").asText());
      boolean names = named.matches();
      int index = names ? Integer.parseInt(named.group(1)) : 0;
      if (index < events && (names || events == 1)) {
        String reason = error.path("errorCode").asText() + (names ? " " + named.group(2) : "");
        reasons.computeIfAbsent(index, none -> new ArrayList<>()).add(reason.strip());
      }
    }
    return reasons;
  }

  /** Of the header: seconds, or a date. 0: neither. */
  private static long retryAfterMs(String value) {
    if (value.matches("\\d{1,9}")) {
      return Long.parseLong(value) * 1_000;
    }
    try {
      ZonedDateTime date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
      return Duration.between(ZonedDateTime.now(), date).toMillis();
    } catch (DateTimeParseException error) {
      return 0;
    }
  }
}
