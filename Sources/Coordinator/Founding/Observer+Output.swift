// SPDX-License-Identifier: Apache-2.0

extension ObserverRoster.Added: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        [
            "observer \(observer): wrote \(folder)",
            "next: give its files to whoever is to read, and see Docs/OPERATIONS.md, \"Observers\", for how to ask with curl;",
            "'amfleet revoke \(observer)' takes the right away again",
        ]
    }
}
