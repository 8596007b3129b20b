// The content mode of a message (CloudEvents Kafka protocol binding 1.0, section 3): in structured mode
// its value is the event, in binary mode its `ce_` headers are the attributes and its value is the data.
#pragma once

#include <span>
#include <vector>

#include "event/message_header.h"
#include "event/parser.h"

namespace audit::pipeline {

// True: binary mode, and `attributes` holds the attributes, with the message's content-type as
// `datacontenttype`. False: structured mode, also without any header. Views into `headers`.
bool ReadBinaryMode(std::span<const event::MessageHeader> headers, std::vector<event::Parser::Attribute>* attributes);

}  // namespace audit::pipeline
