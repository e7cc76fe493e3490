// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Files
import TestSupport
import Testing

@testable import Agent

/// One object that the store does not give, or gives otherwise, costs a restore the disk that needs it.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(4)))
struct LostDiskTests {
    private static let run = "20261123030600"

    private let proxy: FaultyProxy
    private let fixture: NodeFixture

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        try fixture.configure("data", disks: [fixture.data, fixture.path("more")])
        try fixture.write("data/file", "data\n")
        try fixture.write("more/file", "more\n")
    }

    private func backedUp() async throws -> [ConfigurationRecord] {
        let backup = try await fixture.backUp(Self.run)
        #expect(backup.state == .succeeded, "\(String(describing: backup.error))")
        return try #require(backup.record).configurations
    }

    private func restored(_ entry: String, of configuration: String = "data") -> String? {
        let path = "\(fixture.path("out"))/node01/\(configuration)\(fixture.path(entry))"
        return (try? FileSystem.readAll(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func restore() async throws -> JobSnapshot {
        try await fixture.restore(Self.run, to: fixture.path("out"))
    }

    enum Lost: CaseIterable {
        case refusedHeader, missingHeader, damagedHeader, refusedData, oddLength
    }

    private func inject(_ lost: Lost, _ part: DumpPart) throws {
        let (header, data) = (part.headerKey, try #require(part.dataKey))
        switch lost {
        case .refusedHeader:
            proxy.inject(
                .error(status: 403, code: "AccessDenied"), method: "GET", target: header, times: .max)
        case .missingHeader:
            proxy.inject(.error(status: 404, code: "NoSuchKey"), method: "GET", target: header, times: .max)
        case .damagedHeader: proxy.inject(.flipAnswer(at: 1), method: "GET", target: header, times: .max)
        case .refusedData:
            proxy.inject(.error(status: 403, code: "AccessDenied"), target: data, times: .max)
        case .oddLength:
            proxy.inject(
                .changeHeader("content-length") { _ in "95" }, method: "HEAD", target: data, times: .max)
        }
    }

    @Test(.long, arguments: Lost.allCases)
    func `its disk fails with the reason, the others and the self-backup come back`(_ lost: Lost) async throws
    {
        let part = try #require(try await backedUp()[0].dumps.first { $0.disk == fixture.data }?.parts.first)
        try inject(lost, part)

        let done = try await restore()

        #expect(done.state == .failed)
        let disks = try #require(done.restore, "\(String(describing: done.error))").disks
        #expect(disks.count == 3)
        let failed = disks.filter { $0.error != nil }
        #expect(failed.map(\.disk) == [fixture.data], "\(failed)")
        let message = try #require(failed.first?.error).message
        #expect(
            message.contains(lost == .refusedData || lost == .oddLength ? "-mp.data" : "-filestart"),
            "\(message)")
        #expect(restored("data/file") == nil)
        #expect(restored("more/file") == "more\n")
        #expect(restored("etc/hostname", of: "self") == "node01\n")

        proxy.clear()
        let again = try await restore()
        #expect(again.state == .succeeded, "\(String(describing: again.error))")
        #expect(restored("data/file") == "data\n")
    }

    @Test
    func
        `a program, a user or a key that is not there is one disk's, what must not run is all the restore's`()
    {
        for error: FilterError in [
            .missing(program: "/usr/sbin/amcrypt"), .noUser(program: "/usr/sbin/amcrypt"),
            .noPassphrase(path: "/p", reason: "it does not exist"),
        ] { #expect(LostDisks.isOfOneDisk(error), "\(error)") }
        #expect(!LostDisks.isOfOneDisk(FilterError.notAllowed(program: "/bin/x", option: nil)))
    }

    @Test func `a label costs what lies on its volume`() async throws {
        let volume = try #require(try await backedUp()[0].volumes.first)
        proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "GET",
            target: ObjectKeys(slotPrefix: volume.prefix).volumeLabel, times: .max)

        let done = try await restore()

        #expect(done.state == .failed)
        let disks = try #require(done.restore, "\(String(describing: done.error))").disks
        #expect(disks.filter { $0.error == nil }.map(\.configuration) == ["self"], "\(disks)")
        #expect(restored("more/file") == nil)
        #expect(restored("etc/hostname", of: "self") == "node01\n")
    }

    @Test func `where no disk is left the restore is refused before it makes anything`() async throws {
        for dump in try await backedUp()[0].dumps {
            try inject(.refusedHeader, try #require(dump.parts.first))
        }
        let done = try await fixture.restore(
            Self.run, to: fixture.path("out"), configurations: [NodeFixture.both[0]])
        #expect(done.state == .failed && done.restore == nil, "\(done)")
        #expect(done.error?.kind == .storageRefused, "\(String(describing: done.error))")
        #expect(!FileSystem.exists(fixture.path("out")))
    }
}
