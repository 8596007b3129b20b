// Command emit_lines sends the events on standard input, each a line of JSON such as
//
//	{"type": "record.read", "data": {"actor": {"id": "ann"}, "action": "read", "outcome": "success"}}
//
// through an audit.Sender, and says at the end what became of them. To see the sender work, and to test it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"audit"
)

type line struct {
	ID      string
	Time    time.Time
	Type    string
	Subject string
	Data    json.RawMessage
}

func main() {
	sender := audit.NewSender(audit.Options{
		URL:          os.Getenv("AUDIT_URL"),
		Source:       "/emit-lines/go",
		BufferEvents: int(setting("AUDIT_BUFFER_EVENTS", 10_000)),
		Timeout:      seconds("AUDIT_TIMEOUT_SECONDS"),
	})
	lines := json.NewDecoder(os.Stdin)
	for {
		var next line
		if err := lines.Decode(&next); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		event := sender.Event(next.Type, next.Data)
		if next.ID != "" {
			event.SetID(next.ID)
		}
		if !next.Time.IsZero() {
			event.SetTime(next.Time)
		}
		if next.Subject != "" {
			event.SetSubject(next.Subject)
		}
		sender.Emit(event)
	}
	ctx, cancel := context.WithTimeout(context.Background(), seconds("AUDIT_CLOSE_SECONDS"))
	defer cancel()
	sender.Close(ctx)
	counts := sender.Counts()
	said, _ := json.Marshal(counts)
	fmt.Println(string(said))
	if counts.Refused+counts.Dropped+counts.Unsent > 0 {
		os.Exit(1)
	}
}

func setting(name string, otherwise float64) float64 {
	if value, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
		return value
	}
	return otherwise
}

func seconds(name string) time.Duration {
	return time.Duration(setting(name, 10) * float64(time.Second))
}
