// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct GivenUpWorkTests {
    @Test func `what does not come back is given up, and nobody else is sent until it does`() async throws {
        let (gate, path) = (DispatchSemaphore(value: 0), newPath())
        let undone = Number()
        await #expect(throws: HangFault.noAnswer(path: path, limit: .seconds(1))) {
            _ = try await runBlocking(
                "hangs", asking: [path], .limit(.seconds(1)), late: { undone.add($0) }
            ) {
                gate.wait()
                return 7
            }
        }
        #expect(Hangs.at(path)?.count == 1 && Hangs.at("\(path)/") == Hangs.at(path))
        await #expect(throws: HangFault.self) {
            try await runBlocking("refused", asking: [path], .limit(.seconds(1))) {
                Issue.record("somebody was sent")
            }
        }
        let looks = try await runBlocking("look") {
            PatientLook.all([path], what: "look", limit: .seconds(1)) { _ in
                Issue.record("somebody was sent")
            }
        }
        #expect(looks.isEmpty)
        gate.signal()
        while Hangs.at(path) != nil { try await Task.sleep(for: .milliseconds(5)) }
        while undone.value != 7 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await runBlocking("again", asking: [path]) { 8 } == 8)
    }

    @Test func `work on a path that answers takes as long as it needs`() async throws {
        let done = try await runBlocking(
            "long", asking: ["/"], .whileItAnswers(every: .seconds(1))
        ) {
            sleep(4)
            return true
        }
        #expect(done)
    }

    @Test func `a thread that waits in one call is given up though its path answers`() async throws {
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        await #expect(throws: HangFault.self) {
            try await runBlocking("stuck", asking: ["/usr"], .whileItMoves(every: .seconds(1))) {
                gate.wait()
            }
        }
        #expect(Hangs.at("/usr")?.count == 1)
    }

    @Test func `a single file that holds the thread is named, and its directory stays open to others`()
        async throws
    {
        let (gate, top) = (DispatchSemaphore(value: 0), newPath())
        let file = "\(top)/file"
        let fault = await fault {
            try await runBlocking(
                "stuck", asking: [top], .whileItMoves(every: .seconds(1), still: .seconds(3))
            ) {
                BlockingThread.require("open", "\(top)/before")
                BlockingThread.require("open", file)
                gate.wait()
            }
        }
        #expect(fault == .noAnswer(path: file, limit: .seconds(3)))
        #expect(Hangs.at(file)?.count == 1)
        #expect(try await runBlocking("other", asking: [top]) { 8 } == 8)
        gate.signal()
        while Hangs.at(file) != nil { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `who waits for somebody that hangs is not taken for the one that does`() async throws {
        let (gate, top) = (DispatchSemaphore(value: 0), newPath())
        let file = "\(top)/file"
        Hangs.enter(file, since: .now - .seconds(60))
        let fault = await fault {
            try await runBlocking("waits", asking: [top], .whileItMoves(every: .seconds(1))) {
                BlockingThread.require("open", "\(top)/written already")
                gate.wait()
            }
        }
        #expect(fault?.path == file)
        Hangs.leave(file)
        gate.signal()
        while Hangs.at(file) != nil { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `a thread of which nobody said what may hang is given up too`() async throws {
        let before = UnaskedPatience.limit
        UnaskedPatience.set(.seconds(2))
        defer { UnaskedPatience.set(before) }
        let (gate, file) = (DispatchSemaphore(value: 0), "/nonexistent/\(UUID().uuidString)")
        async let waits = runBlocking("waits") {
            BlockingThread.require("open", "/nonexistent/opened")
            BlockingThread.require("wait")
            usleep(5_000_000)  // for something that is no file
            return true
        }
        let fault = await fault {
            try await runBlocking("stuck") {
                BlockingThread.require("open", file)
                gate.wait()
            }
        }
        #expect(fault == .noAnswer(path: file, limit: .seconds(2)))
        #expect(Hangs.at(file)?.count == 1)
        gate.signal()
        while Hangs.at(file) != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await waits)
    }

    @Test func `a thread that goes from call to call takes as long as it needs`() async throws {
        let done = try await runBlocking(
            "moves", asking: ["/tmp"], .whileItMoves(every: .seconds(1))
        ) {
            for _ in 0..<350 { usleep(10_000) }
            return true
        }
        #expect(done)
    }

    @Test func `of several paths the one that does not answer is named`() async throws {
        let (gate, hung) = (DispatchSemaphore(value: 0), newPath())
        Hangs.enter(hung, since: .now - .seconds(60))
        Hangs.leave(hung)
        // As a killed child that does not end would hold it.
        let asked = ["/", hung]
        async let found = fault {
            try await runBlocking("several", asking: asked, .limit(.seconds(3))) { gate.wait() }
        }
        try await Task.sleep(for: .milliseconds(50))
        Hangs.enter(hung, since: .now - .seconds(60))
        #expect(await found?.path == hung)
        Hangs.leave(hung)
        gate.signal()
    }

    @Test func `of work that is given up the file is named at which it hangs`() async throws {
        let (gate, top) = (DispatchSemaphore(value: 0), newPath())
        let file = "\(top)/file"
        let fault = await fault {
            try await runBlocking("one") {
                try PatientLook.one("test-look", at: top, limit: .seconds(2)) {
                    BlockingThread.require("open", file)
                    gate.wait()
                }
            }
        }
        #expect(fault?.path == file && Hangs.at(file)?.count == 1, "\(String(describing: fault))")
        gate.signal()
        while Hangs.at(file) != nil { try await Task.sleep(for: .milliseconds(5)) }
        let seven = try await runBlocking("one") {
            try PatientLook.one("test-look", at: top, limit: .seconds(30)) { 7 }
        }
        #expect(seven == 7)
    }

    @Test func `looks at one path go one after the other`() async throws {
        let path = newPath()
        let (running, most) = (Number(), Number())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    _ = try await runBlocking("look") {
                        PatientLook.all([path], what: "look", limit: .seconds(30)) { _ in
                            most.raise(to: running.add(1))
                            usleep(5_000)
                            running.add(-1)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(most.value == 1)
    }

    @Test func `a hang that is older than the question is told with its beginning`() {
        let path = newPath()
        Hangs.enter(path, since: .now - .seconds(3600))
        defer { Hangs.leave(path) }
        let fault = HangFault(path, within: .seconds(3))
        #expect(fault.facts.hasPrefix("'\(path)' still hangs since 2"), "\(fault)")
        #expect(HangFault("/other", within: .seconds(3)).facts == "'/other' did not answer within 3 s")
    }

    private func newPath() -> String { "/nonexistent/\(UUID().uuidString)" }

    private func fault(_ work: () async throws -> Void) async -> HangFault? {
        do {
            try await work()
            return nil
        } catch {
            return error as? HangFault
        }
    }
}

/// That several threads change.
private final class Number: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    @discardableResult
    func add(_ other: Int) -> Int {
        number.withLock { number in
            number += other
            return number
        }
    }

    func raise(to other: Int) { number.withLock { $0 = max($0, other) } }
}
