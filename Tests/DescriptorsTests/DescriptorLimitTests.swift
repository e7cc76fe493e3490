// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import Descriptors
import Files
import Glibc
import Testing

@Suite struct DescriptorLimitTests {
    /// The limit is the whole test program's, and is raised once: one test for all of it.
    @Test func theLimitIsRaisedAndChildrenGetTheOldOneBack() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let given = min(limit.rlim_max, 1_000)
        limit.rlim_cur = given
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(DescriptorLimit.current == Int(given))
        DescriptorLimit.raise()
        #expect(DescriptorLimit.current == Int(clamping: limit.rlim_max))
        for user in [nil, ChildUser(userID: geteuid(), groupID: getegid(), groupIDs: [getegid()])] {
            guard user == nil || geteuid() == 0 else { continue }
            var command = ChildCommand("/bin/sh", ["-c", "ulimit -Sn; ulimit -Hn"])
            command.user = user
            let result = try await ChildProcess.run(command, limit: .seconds(10))
            #expect(String(decoding: result.output, as: UTF8.self) == "\(given)\n\(limit.rlim_max)\n")
        }
    }

    @Test func whatCannotBecomeTheProgramSaysWhy() async {
        await #expect(throws: ChildProcessError.self) {
            try await ChildProcess.run(ChildCommand("/no/such/program", []), limit: .seconds(10))
        }
        do {
            _ = try await ChildProcess.run(ChildCommand("/no/such/program", []), limit: .seconds(10))
        } catch {
            #expect("\(error)" == "cannot start '/no/such/program': No such file or directory")
        }
    }

    /// It had its reason, and not what to do.
    @Test func aProgramThatFindsNoDescriptorHasTheHintOfAFileThatFindsNone() {
        for number in [EMFILE, ENFILE, ENOMEM] {
            let error = ChildProcessError.cannotStart(executable: "/usr/bin/tar", errorNumber: number)
            #expect(error.facts == "cannot start '/usr/bin/tar': \(SystemReason.text(number))")
            #expect(error.hint != nil && error.hint == SystemReason.hint(number))
            #expect(error.hint == FilesError("open", "/etc/x", errorNumber: number).hint)
        }
    }
}

@Suite struct SystemReasonTests {
    @Test func shortagesAreCalledByTheirNames() {
        #expect(SystemReason.text(EMFILE).hasPrefix("no file descriptors left (this process may have "))
        #expect(SystemReason.text(ENFILE) == "no file descriptors left on this machine")
        #expect(SystemReason.text(EACCES) == "Permission denied")
        #expect(SystemReason.hint(EMFILE)?.contains("LimitNOFILE") == true)
        #expect(SystemReason.hint(ENOENT) == nil && SystemReason.hint(EACCES) == nil)
        for number in [EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EROFS] {
            #expect(FilesError("write", "/etc/x", errorNumber: number).hint == SystemReason.hint(number))
            #expect(SystemReason.hint(number)?.hasSuffix(".") == true)
        }
        let failed = FilesError("open", "/etc/x", errorNumber: EMFILE)
        #expect(!failed.isMissing)
        #expect(failed.facts.hasPrefix("cannot open '/etc/x': no file descriptors left"))
        #expect(failed.hint != nil)
    }

    @Test func anotherLibrarysTextIsRead() {
        #expect(SystemReason.shortage(in: "error:80000018:system library::Too many open files") == EMFILE)
        #expect(SystemReason.shortage(in: "socket: Too many open files in system") == ENFILE)
        #expect(SystemReason.shortage(in: "unable to load client key") == nil)
    }
}
