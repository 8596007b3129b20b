// The bound on open files, which bounds connections.
#pragma once

namespace audit::http {

// Raises the soft limit of this process to the hard one; leaves it where it is if the system refuses.
void RaiseFileLimit();

}  // namespace audit::http
