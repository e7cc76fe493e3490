// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

/// Known by name, so that who looks for it is told where to look instead.
struct VerifyVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Not in this version.", shouldDisplay: false)

    @OptionGroup var common: CommonOptions

    func report() async throws -> any CommandReport {
        throw WireError(
            .unsupported, "'verify' is not in this version",
            hint:
                "'amfleet status' checks that every volume is there; 'amfleet restore --to DIR' reads everything back."
        )
    }
}
