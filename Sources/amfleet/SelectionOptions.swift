// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Of which nodes and configurations a verb is; empty: of all.
struct SelectionOptions: ParsableArguments, Sendable {
    @Option(help: "Only this node; may be repeated.")
    var node: [String] = []

    @Option(help: "Only this configuration; may be repeated.")
    var configuration: [String] = []
}
