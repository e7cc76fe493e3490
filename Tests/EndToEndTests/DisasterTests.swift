// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The worst day as Docs/DISASTER.md has it: `ci/demo --disaster` follows the page's own commands.
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda + ["strace", "openssl"]),
        .timeLimit(.minutes(40)))
    struct DisasterTests {
        @Test(.long)
        func `out of the bucket and the kit everything comes back, and no secret is told on the way`()
            async throws
        {
            let place = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(place) }
            let (work, arguments) = ("\(place)/work", "\(place)/argv")
            let running = try RunningProgram(
                [
                    Machine.path(of: "strace"), "-f", "-qq", "--seccomp-bpf", "-e", "trace=execve", "-e",
                    "signal=none", "-s", "65536", "-o", arguments,
                    "/bin/bash", "-c", "ulimit -c unlimited; exec \"$@\"", "demo",
                    "\(Machine.package)/ci/demo", "--disaster", "--nodes", "2", "--bytes", "3000000",
                    "--work",
                    work, "--keep",
                ],
                environment: ["AMFLEET_BUILT": "yes"], output: "\(place)/demo")
            // It takes minutes, and more of them where others run.
            var told = 0
            for _ in 0..<100 where running.isRunning {
                let lineCount = running.text.split(separator: "\n").count
                if lineCount > told { LongTests.tell("the worst day: \(lineCount) lines") }
                told = lineCount
                try await Task.sleep(for: .seconds(20))
            }
            let demo = try await running.end()
            #expect(demo.exit == 0, "\(demo)")
            #expect(
                demo.output.split(separator: "\n").last?.firstMatch(
                    of: /^demo: 2 nodes, \d+ files, \d+ bytes, restored identical$/) != nil)
            let secrets = try ToldSecrets(work: work)
            try #require(secrets.kinds.isSuperset(of: ToldSecrets.expected), "\(secrets.kinds)")
            #expect(secrets.found(in: demo.text).isEmpty, "in what the programs said")
            // What is looked through is there.
            let argv = try String(contentsOfFile: arguments, encoding: .utf8)
            #expect(argv.contains("\"--recovery-key\"") && argv.contains("/amcrypt\""))
            #expect(try !secrets.logs().isEmpty && !secrets.documents().isEmpty)
            #expect(secrets.found(inFile: "\(work)/coordinator/etc/amfleet/ca.key") != [])
            #expect(secrets.found(inFile: arguments) == [], "in an argument of a program")
            for log in try secrets.logs() { #expect(secrets.found(inFile: log) == [], "in \(log)") }
            for log in try secrets.documents() { #expect(secrets.found(inFile: log) == [], "in \(log)") }
            for volume in try secrets.storeFiles() {
                #expect(secrets.sealed.found(inFile: volume) == [], "in the bucket: \(volume)")
            }
            #expect(try secrets.cores() == [])
        }
    }
}

/// The secrets of a cluster that `ci/demo --disaster --keep` has left, and where somebody might have told one.
private struct ToldSecrets {
    static let expected: Set<String> = [
        "recovery key", "authority's key", "coordinator's key", "node's key", "amcrypt's key",
        "amcrypt's passphrase", "coordinator's S3 key", "node's S3 key",
    ]

    let work: String
    /// What must stand nowhere, and what it is.
    let words: [String: String]

    var kinds: Set<String> { Set(words.values) }

    /// Without what a node's own `amanda.conf` holds in clear, as Amanda wants it.
    var sealed: ToldSecrets {
        ToldSecrets(work: work, words: words.filter { $0.value != "node's S3 key" })
    }

    private init(work: String, words: [String: String]) {
        (self.work, self.words) = (work, words)
    }

    init(work: String) throws {
        var words: [String: String] = [:]
        func add(_ kind: String, _ path: String, lineCount: Int = .max) throws {
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(
                String.init)
            // Lines of a PEM or of a passphrase; the armor around them is everybody's.
            for line in lines.filter({ $0.count >= 32 && !$0.contains("-----") && !$0.contains(" ") })
                .prefix(lineCount)
            {
                words[line] = kind
            }
            for line in lines where line.hasPrefix("aws_secret_access_key = ") {
                words[String(line.dropFirst("aws_secret_access_key = ".count))] = kind
            }
        }
        let coordinator = "\(work)/coordinator"
        let kit = try String(contentsOfFile: "\(coordinator)/root/recovery-kit.txt", encoding: .utf8)
        let key = kit.firstMatch(of: /-----BEGIN PRIVATE KEY-----\n([^-]*)-----END/)
        for line in (key?.output.1 ?? "").split(separator: "\n") { words[String(line)] = "recovery key" }
        try add("authority's key", "\(coordinator)/etc/amfleet/ca.key")
        try add("coordinator's key", "\(coordinator)/etc/amfleet/coordinator.key")
        try add("coordinator's S3 key", "\(coordinator)/etc/amfleet/s3-credentials")
        try add("amcrypt's key", "\(work)/node01/var/backups/.gnupg/am_key.gpg")
        try add("amcrypt's passphrase", "\(work)/node01/var/backups/.am_passphrase")
        try add("node's S3 key", "\(work)/node01/root/.aws/credentials")
        try add("node's S3 key", "\(work)/node02/etc/amfleet/s3-credentials")
        try add("node's key", "\(work)/node02/etc/amfleet/node02.key")
        self.init(work: work, words: words)
    }

    func found(in text: String) -> [String] {
        words.filter { text.contains($0.key) }.map(\.value)
    }

    func found(inFile path: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return words.filter { data.range(of: Data($0.key.utf8)) != nil }.map(\.value)
    }

    /// What the agents and the store logged.
    func logs() throws -> [String] { try files("*.log", in: work) }

    /// Jobs, their events and whatever else of JSON the agents and the coordinator keep, but for files that are secrets themselves.
    func documents() throws -> [String] {
        try files("*.json", in: "\(work)/coordinator/etc/amfleet")
            + files("*", in: "\(work)/node02/var/lib/amfleet")
            + files("*", in: "\(work)/node01/var/lib/amfleet")
    }

    /// The store's own files, with every object in them.
    func storeFiles() throws -> [String] {
        let found = try files("*.dat", in: "\(work)/s3")
        try #require(!found.isEmpty)
        return found
    }

    func cores() throws -> [String] { try files("core*", in: work).filter { !$0.contains("/srv/") } }

    private func files(_ pattern: String, in directory: String) throws -> [String] {
        let enumerator = FileManager.default.enumerator(atPath: directory)
        let suffix = pattern.hasPrefix("*") ? String(pattern.dropFirst()) : nil
        let prefix = pattern.hasSuffix("*") && suffix == nil ? String(pattern.dropLast()) : nil
        return (enumerator?.compactMap { $0 as? String } ?? []).filter { path in
            let name = (path as NSString).lastPathComponent
            return suffix.map(name.hasSuffix) ?? prefix.map(name.hasPrefix) ?? false
        }.map { "\(directory)/\($0)" }
    }
}
