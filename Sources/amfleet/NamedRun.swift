// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

/// The run that a verb is about.
struct NamedRun: ParsableArguments, Sendable {
    @Argument(help: "The run, as 'amfleet list' names it.")
    var run: String

    var name: RunName {
        get throws { try RunName(argument: run) }
    }
}
