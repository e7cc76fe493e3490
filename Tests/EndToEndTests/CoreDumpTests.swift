// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Keys are in the memory of both programs: where one crashes, nothing of it may lie on a disk.
    @Suite(.serialized, .needs(["bash"]), .timeLimit(.minutes(5)))
    struct CoreDumpTests {
        @Test func `neither program leaves a core, whatever the shell allows`() async throws {
            let directory = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(directory) }
            // A program of no importance, so that the test is seen to be able to find one.
            #expect(try await cores(of: "sleep 30", directory) == 1)
            for program in [
                "amfleetd --config '\(directory)/fifo'", "amfleet status --cluster '\(directory)/fifo'",
            ] {
                try FIFO.make("\(directory)/fifo")
                #expect(try await cores(of: "'\(Machine.programs)'/\(program)", directory) == 0, "\(program)")
            }
        }

        /// How many cores lie in `directory` after `command` was killed there by SIGSEGV.
        private func cores(
            of command: String, _ directory: String
        ) async throws -> Int {
            try await script(
                """
                cd "$1"; ulimit -c unlimited; rm -f core*; export SWIFT_BACKTRACE=enable=no
                bash -c "exec $2" >said 2>&1 & child=$!
                if [ -p fifo ]; then exec 9>fifo; else sleep 0.5; fi; kill -s SEGV $child; wait $child 2>wait-said || true
                """, [directory, command])
            return try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { $0.hasPrefix("core") }.count
        }
    }
}

/// A file that a program waits for when it reads it; who opens it for writing waits for the program.
private enum FIFO {
    static func make(_ path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        guard mkfifo(path, 0o600) == 0 else { throw POSIXError(.EIO) }
    }
}
