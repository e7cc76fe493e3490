// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Of every command that has the authority sign something.
struct AuthorityOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The authority's key, if it is not where 'tls.authorityKey' in cluster.json says.",
            valueName: "file"))
    var authorityKey: String?
}
