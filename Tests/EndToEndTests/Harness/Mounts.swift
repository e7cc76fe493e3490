// SPDX-License-Identifier: Apache-2.0

import Foundation

/// File systems of a test's own, in the mount namespace of a node's agent: nobody else sees them, and they go with it.
extension ClusterNode {
    /// Runs a shell script where the agent sees what it sees; `parameters` are its `$1`, `$2`, ….
    @discardableResult
    func inNamespace(_ text: String, _ parameters: [String] = []) async throws -> String {
        guard let pid else { throw CommandError.never("the agent of \(name) runs", .zero) }
        return try await successful(
            [
                "/usr/bin/nsenter", "--target", "\(pid)", "--mount", "--", "/bin/bash", "-euo", "pipefail",
                "-c",
            ]
                + [text, "script"] + parameters)
    }

    /// Mounts a file system of its own that holds a file of so many MiB and small ones.
    func mount(_ directory: String, mebibytes: Int, smallFiles: Int = 10) async throws {
        try await inNamespace(
            """
            mkdir -p "$1"
            mount -t tmpfs -o size=64m amfleet-test "$1"
            head -c "$2M" /dev/urandom >"$1/large"
            for number in $(seq "$3"); do echo "$number" >"$1/small-$number"; done
            """, [directory, "\(mebibytes)", "\(smallFiles)"])
    }

    /// Mounts a file system that never answers: nobody reads what the kernel asks it. It is dead once the program ends.
    func mountSilent(_ directory: String) async throws -> RunningProgram {
        guard let pid else { throw CommandError.never("the agent of \(name) runs", .zero) }
        let program = try RunningProgram(
            ["/usr/bin/nsenter", "--target", "\(pid)", "--mount", "--", "/usr/bin/python3", "-c"]
                + [Self.silence, directory],
            output: "\(self.directory)/silent-\(UUID().uuidString.prefix(8))")
        try await eventually("a silent file system on \(directory)") {
            guard program.isRunning else { throw CommandError.failed(try await program.end(within: .zero)) }
            return program.text.contains("mounted")
        }
        return program
    }

    private static let silence = """
        import ctypes, os, sys, time
        fuse = os.open("/dev/fuse", os.O_RDWR)
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
        if libc.mount(b"silent", sys.argv[1].encode(), b"fuse", 0, options):
            sys.exit(os.strerror(ctypes.get_errno()))
        print("mounted", flush=True)
        time.sleep(600)
        """

    func unmount(_ directory: String) async throws {
        try await inNamespace("umount \"$1\"", [directory])
    }
}
