// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A cluster whose commands are killed, and what must hold of it whenever one was.
struct KilledCommands {
    let cluster: TestCluster
    /// Every recovery kit that was ever asked for, and that exists.
    private(set) var kits: [String]
    private var generator: SeededGenerator
    private let seed: UInt64
    /// How long a command takes that is not killed.
    private var usual: [String: Double] = [:]

    init(_ cluster: TestCluster, seed: UInt64) {
        self.cluster = cluster
        self.seed = seed
        kits = [cluster.recoveryKit]
        generator = SeededGenerator(seed: seed)
    }

    mutating func add(kit: String) { kits.append(kit) }

    /// Kills the command at a random moment and runs it again, with the same words, to its end.
    ///
    /// - Parameter mayBeDone: what it says where the first one had come to its end.
    /// - Returns: what the second said.
    @discardableResult
    mutating func cut(_ arguments: [String], mayBeDone: String? = nil) async throws -> CommandResult {
        let name = arguments.prefix(2).joined(separator: " ")
        let delay = Double.random(in: 0...1, using: &generator) * (usual[name] ?? 0.7)
        let first = try cluster.startAmfleet(arguments)
        try await Task.sleep(for: .seconds(delay))
        await first.kill()
        let clock = ContinuousClock()
        var begun = clock.now
        var again = try await cluster.amfleet(arguments)
        // The one that was killed holds the cluster for another minute.
        let deadline = begun + .hang
        while again.exit == 4, clock.now < deadline {
            try await Task.sleep(for: .seconds(2))
            begun = clock.now
            again = try await cluster.amfleet(arguments)
        }
        usual[name] = Double((clock.now - begun) / .milliseconds(1)) / 1000
        LongTests.tell("seed \(seed): \(name) killed after \(delay) s, then \(again.exit)")
        let isDone = mayBeDone.map { again.exit == 2 && again.text.contains($0) } ?? false
        #expect(again.exit == 0 || isDone, "seed \(seed), killed after \(delay) s (\(first.text)): \(again)")
        return again
    }

    /// Every node is reached, nothing half written lies about, and each thing that is sealed opens with a kit that exists.
    func expectWhole(after what: String) async throws {
        let status = try await cluster.amfleet(["status"])
        for words in ["does not answer", "is revoked", "another coordinator", "cannot be used"] {
            #expect(!status.text.contains(words), "seed \(seed), after \(what): \(status)")
        }
        let left = try FileManager.default.subpathsOfDirectory(atPath: cluster.coordinatorDirectory).filter {
            $0.hasSuffix(".tmp") || $0.contains(".making") || $0.contains("authority-next.done")
                || $0.hasSuffix(".founding") || $0.contains(".unfinished") || $0.hasSuffix(".new")
        }
        #expect(left == [], "seed \(seed), after \(what)")
        let sealed = "\(cluster.directory)/sealed"
        try await script(
            Self.fetch, [sealed, ClusterStore.bucket, TestCluster.prefix, Machine.path(of: "aws")],
            environment: cluster.store.environment)
        let lost = try await script(
            Self.open, [sealed] + kits.filter { FileManager.default.fileExists(atPath: $0) })
        #expect(lost == "", "seed \(seed), after \(what): no kit opens \(lost)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: sealed).contains("coordinator.cms"))
    }

    private static let fetch = """
        rm -rf "$1"
        "$4" s3 cp --quiet --recursive "s3://$2/$3/_amfleet/" "$1" --exclude '*' --include coordinator.cms --include '*/secrets-*.cms'
        """

    /// As the kit says it, without us.
    private static let open = """
        sealed=$1; shift
        find "$sealed" -type f | while read -r file; do
            for kit in "$@"; do
                openssl cms -decrypt -inform DER -in "$file" -inkey "$kit" -out /dev/null 2>/dev/null && continue 2
            done
            echo "$file"
        done
        """
}
