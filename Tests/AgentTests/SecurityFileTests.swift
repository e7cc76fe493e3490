// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import TestSupport
import Testing

@testable import Agent

@Suite struct SecurityFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func file(_ text: String, mode: UInt32 = 0o644) throws -> SecurityFile {
        let path = directory.path("amanda-security.conf")
        try FileSystem.writeAtomically(path, Array(text.utf8), mode: mode)
        return SecurityFile(path: path)
    }

    @Test func `without the file Amanda's own tar may run, and no other`() throws {
        let none = SecurityFile(besides: directory.path("etc/amanda"))
        #expect(none.path == directory.path("etc/amanda-security.conf"))
        #expect(try none.isAllowed("/bin/tar"))
        #expect(try none.isAllowed("/usr/bin/tar"))
        #expect(try !none.isAllowed("/opt/tar"))
    }

    @Test func `root's own file allows more`() throws {
        let file = try file(
            "# tar\nrunbackup:x=/y\n amgtar:GNUTAR_PATH = /opt/tar # newer\n#amgtar:gnutar_path=/no\n")
        #expect(try file.isAllowed("/opt/tar"))
        #expect(try !file.isAllowed("/no"))
        #expect(try !file.isAllowed("/y"))
    }

    @Test func `a file that others can write is not believed`() throws {
        let file = try file("amgtar:gnutar_path=/opt/tar\n", mode: 0o666)
        let error = #expect(throws: WireError.self) { try file.isAllowed("/opt/tar") }
        #expect(error?.message == "'\(file.path)' can be written by others than root: it is not believed")
        #expect(try file.isAllowed("/usr/bin/tar"))
    }
}
