// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

extension StockAmanda {
    /// Output of a program that takes the configuration's name first, with runs of blanks made one.
    func tool(_ program: String, _ arguments: String...) async throws -> String {
        try await run([program, configuration] + arguments).singleSpaced
    }

    /// `amrecover`, as root, on the node's own machine: it reads `commands` and writes into `directory`.
    ///
    /// Its amindexd outlives it: after the good-bye it compresses an index that it has unpacked (`amindexd.c`, `compress_files`).
    /// Killed then it leaves half a `-unsorted.gz`; the next amtrmidx keeps that in place of the whole file, and later listings
    /// lack the dump's files without a word.
    func recover(_ commands: [String], into directory: String) async throws -> String {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let input = "\(work)/amrecover-\(UUID().uuidString.prefix(8))"
        try write((commands + ["exit"]).joined(separator: "\n") + "\n", to: input)
        let program = try RunningProgram(
            node.sandbox.command(
                [
                    Machine.path(of: "amrecover"), "-C", configuration, "-s", "localhost", "-t", "localhost",
                    "-o", "auth=local",
                ], asRoot: true), directory: directory, input: input, output: "\(input)-said")
        let result = try await program.end(withGroup: true)
        guard result.exit == 0 else { throw CommandError.failed(result) }
        return result.text.singleSpaced
    }

    /// Digests of everything that Amanda's catalog consists of, but for logs and for what readers leave behind: the slots'
    /// states and commands that are done.
    func catalogDigest() async throws -> String {
        let directory = node.directory(of: configuration)
        return try await script(
            "cd \"$1\"; find . -type f ! -name 'log.*' ! -name 's3-statefile' ! -name command_file -print0 | LC_ALL=C sort -z | xargs -0 sha256sum",
            [directory])
    }
}

extension String {
    var singleSpaced: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: " ").joined(separator: " ")
        }.joined(separator: "\n")
    }

    /// As Amanda's tools print a run: `2026-12-01 03:00:00`.
    var spelledRun: String {
        let digits = Array(self)
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8)) \(part(8..<10)):\(part(10..<12)):\(part(12..<14))"
    }
}

extension StockAmanda {
    /// As `tool`, standard error included: some programs say there what they found.
    func both(_ program: String, _ arguments: String...) async throws -> String {
        let words = try inSandbox([program, configuration] + arguments)
        let result = try await command(words, directory: "/")
        guard result.exit == 0 else { throw CommandError.failed(result) }
        return result.text.singleSpaced
    }
}
