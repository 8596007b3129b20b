package audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.core.builder.CloudEventBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;

/**
 * Sends the events on standard input, each a line of JSON such as
 *
 * <pre>{"type": "record.read", "data": {"actor": {"id": "ann"}, "action": "read", "outcome": "success"}}</pre>
 *
 * through an AuditSender, and says at the end what became of them. To see the sender work, and to test it.
 */
public final class EmitLines {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws IOException {
    AuditSender audit = new AuditSender(System.getenv("AUDIT_URL"), "/emit-lines/java",
        (int) setting("AUDIT_BUFFER_EVENTS", 10_000), 64 << 20, seconds("AUDIT_TIMEOUT_SECONDS"));
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      audit.emit(event(audit, JSON.readTree(line)));
    }
    int unsent = audit.close(seconds("AUDIT_CLOSE_SECONDS"));
    System.out.printf("{\"accepted\": %d, \"refused\": %d, \"dropped\": %d, \"unsent\": %d}%n", audit.accepted(),
        audit.refused(), audit.dropped(), unsent);
    System.exit(audit.refused() + audit.dropped() + unsent > 0 ? 1 : 0);
  }

  private static CloudEventBuilder event(AuditSender audit, JsonNode line) {
    CloudEventBuilder event = audit.event(line.path("type").asText(), line.path("data"));
    if (line.has("id")) {
      event.withId(line.get("id").asText());
    }
    if (line.has("time")) {
      event.withTime(OffsetDateTime.parse(line.get("time").asText()));
    }
    if (line.has("subject")) {
      event.withSubject(line.get("subject").asText());
    }
    return event;
  }

  private static double setting(String name, double otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : Double.parseDouble(value);
  }

  private static Duration seconds(String name) {
    return Duration.ofMillis((long) (setting(name, 10) * 1_000));
  }
}
