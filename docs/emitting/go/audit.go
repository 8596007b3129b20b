// Package audit sends audit events from a Go program in the background to Audit Manager.
//
//	sender := audit.NewSender(audit.Options{URL: "http://127.0.0.1:8000/v1/auditmanager", Source: "/registry"})
//	sender.Emit(sender.Event("record.updated", map[string]any{
//		"actor": map[string]any{"id": "ann"}, "action": "update", "outcome": "success"}))
//	sender.Close(ctx)
//
// Emit never waits: a goroutine sends what it took, again and again until the service has it. The buffer is bounded
// and in memory, so Close at the end of the program. Any goroutine may call any of these.
package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"
)

const (
	// What the service takes in one request.
	batchEvents = 500
	batchBytes  = 16 << 20

	firstWait    = 100 * time.Millisecond
	longestWait  = 5 * time.Second // unless the service asks for more
	longestAsked = 10 * time.Minute
)

// Options of a Sender; zero values stand for the defaults.
type Options struct {
	URL          string        // of the service, with /v1/auditmanager
	Source       string        // the source of every event
	BufferEvents int           // 10,000
	BufferBytes  int           // 64 MiB
	Timeout      time.Duration // of one request: 10 s
	Log          *slog.Logger  // slog.Default()
}

// Counts tells what became of the events.
type Counts struct {
	Accepted int `json:"accepted"` // the service has them
	Refused  int `json:"refused"`  // they break a rule; logged one by one
	Dropped  int `json:"dropped"`  // the buffer was full
	Unsent   int `json:"unsent"`   // not yet, or not before the end
}

type waitingEvent struct {
	id   string
	json []byte
}

// Sender is made by NewSender.
type Sender struct {
	options Options
	client  http.Client
	arrived chan struct{} // holds one token when events wait or Close was called
	stopped context.Context
	stop    context.CancelFunc // at the deadline of Close
	done    chan struct{}

	mutex          sync.Mutex // guards what follows
	waiting        []waitingEvent
	counts         Counts // Unsent: those that wait, and those of the request under way
	unsettledBytes int
	dropsSaid      int
	closing        bool
}

// NewSender starts the goroutine that sends.
func NewSender(options Options) *Sender {
	if options.BufferEvents == 0 {
		options.BufferEvents = 10_000
	}
	if options.BufferBytes == 0 {
		options.BufferBytes = 64 << 20
	}
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	options.URL = strings.TrimSuffix(options.URL, "/") + "/events/batch"
	s := &Sender{options: options, arrived: make(chan struct{}, 1), done: make(chan struct{})}
	s.client = http.Client{Timeout: options.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	s.stopped, s.stop = context.WithCancel(context.Background())
	go s.run()
	return s
}

// Counts may be asked for at any time.
func (s *Sender) Counts() Counts {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.counts
}

// Event makes an event. Set a subject or an extension (traceparent), or replace its id and time, and give it to Emit.
// They are set here, once: a repeat with another id or time would be another event.
func (s *Sender) Event(eventType string, data any) cloudevents.Event {
	event := cloudevents.New()
	event.SetID(uuid.NewString())
	event.SetTime(time.Now().UTC())
	event.SetSource(s.options.Source)
	event.SetType(eventType)
	if err := event.SetData(cloudevents.ApplicationJSON, data); err != nil {
		event.FieldErrors = map[string]error{"data": err} // Emit refuses it
	}
	return event
}

// Emit takes an event and returns at once. False: it is not taken, which is counted and logged.
func (s *Sender) Emit(event cloudevents.Event) bool {
	err := event.Validate()
	var encoded []byte
	if err == nil {
		encoded, err = json.Marshal(event)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err != nil {
		s.counts.Refused++
		s.options.Log.Error(fmt.Sprintf("event %s is refused before it is sent: %v", event.ID(), err))
		return false
	}
	if s.closing || s.counts.Unsent >= s.options.BufferEvents ||
		s.unsettledBytes+len(encoded) > s.options.BufferBytes {
		s.counts.Dropped++
		if s.counts.Dropped == s.dropsSaid+1 { // one line when it begins, and one with the number when it is over
			s.options.Log.Error("the buffer is " + map[bool]string{false: "full", true: "closed"}[s.closing] +
				": events are dropped")
		}
		return false
	}
	s.waiting = append(s.waiting, waitingEvent{event.ID(), encoded})
	s.counts.Unsent++
	s.unsettledBytes += len(encoded)
	s.wake()
	return true
}

// Close takes no more, sends what is there until the context is done, and returns how many events were not sent.
func (s *Sender) Close(ctx context.Context) int {
	s.mutex.Lock()
	s.closing = true
	s.wake()
	s.mutex.Unlock()
	select {
	case <-s.done:
	case <-ctx.Done():
	}
	s.stop()
	<-s.done
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sayDrops()
	if s.counts.Unsent > 0 {
		s.options.Log.Error(fmt.Sprintf("%d events were not sent before the end", s.counts.Unsent))
	}
	return s.counts.Unsent
}

func (s *Sender) wake() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *Sender) run() {
	defer close(s.done)
	for {
		batch, closing := s.nextBatch()
		if len(batch) > 0 {
			s.deliver(batch)
			continue
		}
		if closing {
			return
		}
		<-s.arrived
	}
}

// nextBatch returns as many events as one request holds, or none when there are none or no time is left.
func (s *Sender) nextBatch() (batch []waitingEvent, closing bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stopped.Err() != nil {
		return nil, true
	}
	count, size := 0, 2
	for count < len(s.waiting) && count < batchEvents {
		size += len(s.waiting[count].json) + 1
		if count > 0 && size > batchBytes {
			break
		}
		count++
	}
	batch, s.waiting = s.waiting[:count:count], s.waiting[count:]
	return batch, s.closing
}

// deliver sends until the fate of each event is known, or the deadline of Close is over. The service takes a request
// whole or not at all: what it refuses is left out, and the rest sent without it.
func (s *Sender) deliver(batch []waitingEvent) {
	parts := [][]waitingEvent{batch}
	for len(parts) > 0 {
		part := parts[len(parts)-1]
		parts = parts[:len(parts)-1]
		status, answer := s.post(part)
		if status == 0 {
			return
		}
		if status == http.StatusAccepted {
			s.settle(part, &s.counts.Accepted)
			continue
		}
		reasons := refusals(answer, len(part))
		if len(reasons) == 0 && len(part) > 1 {
			// The answer names no event: a limit below ours, or a proxy. Halves find the one that is meant.
			middle := len(part) / 2
			parts = append(parts, part[middle:], part[:middle])
			continue
		}
		var out, rest []waitingEvent
		for index, event := range part {
			reason, named := reasons[index]
			if !named && len(part) > 1 {
				rest = append(rest, event)
				continue
			}
			out = append(out, event)
			s.options.Log.Error(fmt.Sprintf("event %s is refused: HTTP %d %s", event.id, status, strings.Join(reason, ", ")))
		}
		s.settle(out, &s.counts.Refused)
		if len(rest) > 0 {
			parts = append(parts, rest)
		}
	}
}

// post returns the service's word on these events: 202, or refused for good. 0: the deadline of Close is over.
func (s *Sender) post(part []waitingEvent) (status int, answer []byte) {
	encoded := make([][]byte, len(part))
	for index, event := range part {
		encoded[index] = event.json
	}
	body := slices.Concat([]byte("["), bytes.Join(encoded, []byte(",")), []byte("]"))
	longest := firstWait
	for s.stopped.Err() == nil {
		status, answer, asked, err := s.request(body)
		if err == nil && (status == http.StatusAccepted || refusedForGood(status)) {
			return status, answer
		}
		why := fmt.Sprintf("HTTP %d", status)
		if err != nil {
			why = err.Error()
		}
		// Not all callers at once, and not before the service asked for it.
		wait := max(min(asked, longestAsked), longest/2+rand.N(longest/2))
		longest = min(2*longest, longestWait)
		s.options.Log.Warn(fmt.Sprintf("%d events not sent yet: %s; next try in %.1f s", len(part), why, wait.Seconds()))
		select {
		case <-time.After(wait):
		case <-s.stopped.Done():
		}
	}
	return 0, nil
}

func (s *Sender) request(body []byte) (status int, answer []byte, asked time.Duration, err error) {
	request, err := http.NewRequestWithContext(s.stopped, http.MethodPost, s.options.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, 0, err
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, 0, err
	}
	defer response.Body.Close()
	// Read to its end, or the connection cannot be used again.
	answer, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, answer, retryAfter(response.Header.Get("Retry-After")), err
}

func (s *Sender) settle(events []waitingEvent, counter *int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	*counter += len(events)
	s.counts.Unsent -= len(events)
	for _, event := range events {
		s.unsettledBytes -= len(event.json)
	}
	s.sayDrops()
}

func (s *Sender) sayDrops() {
	if s.counts.Dropped > s.dropsSaid {
		s.options.Log.Error(fmt.Sprintf("%d events were dropped", s.counts.Dropped-s.dropsSaid))
		s.dropsSaid = s.counts.Dropped
	}
}

// Sent again, these bodies would be refused again. Any other answer but 202 may be a passing one.
func refusedForGood(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge ||
		status == http.StatusUnsupportedMediaType || status == http.StatusUnprocessableEntity
}

var eventPath = regexp.MustCompile(`^events\[(\d+)\]\.?(.*)$`)

// refusals gives, by index of the event, what is wrong with it: code and path, never a value, which may name a person.
func refusals(answer []byte, events int) map[int][]string {
	var envelope struct {
		Errors []struct{ ErrorCode, Path string }
	}
	// What is no envelope is a proxy's page, and names no event.
	_ = json.Unmarshal(answer, &envelope)
	reasons := map[int][]string{}
	for _, problem := range envelope.Errors {
		index, path := 0, ""
		if named := eventPath.FindStringSubmatch(problem.Path); named != nil {
			index, _ = strconv.Atoi(named[1])
			path = named[2]
		} else if events > 1 {
			continue
		}
		if index < events {
			reasons[index] = append(reasons[index], strings.TrimSpace(problem.ErrorCode+" "+path))
		}
	}
	return reasons
}

// retryAfter reads the header: seconds, or a date. 0: neither.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return time.Until(date)
	}
	return 0
}
