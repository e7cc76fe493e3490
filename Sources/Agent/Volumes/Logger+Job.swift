// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import LogOutput
import Logging

extension Logger {
    /// With the names of a job and its run.
    func of(_ request: JobRequest) -> Logger { with(["job": "\(request.id)", "run": "\(request.run)"]) }
}
