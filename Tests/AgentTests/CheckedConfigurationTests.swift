// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Dump
import Files
import TestSupport
import Testing

@testable import Agent

/// What is wrong with a configuration has one answer: `backup` refuses for it, `status` names it, in the same words.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct CheckedConfigurationTests {
    private let node: NodeFixture

    init() async throws {
        node = try await NodeFixture(server: .shared())
        try node.write("data/file", "a line\n")
    }

    private func status(_ choice: ConfigurationChoice) async throws -> ConfigurationStatus {
        try #require(try await ConfigurationStatus.all(of: [node.checked(choice)], node.settings).first)
    }

    /// What keeps a backup of the configuration, or its plan, from being taken on; nil: nothing.
    private func refusal(_ choice: ConfigurationChoice, dryRun: Bool = false) async throws -> WireError? {
        let order = BackupOrder(configurations: [choice], dryRun: dryRun)
        do {
            _ = try await node.work.check(node.request("20261123030600", .backup(order)))
            return nil
        } catch let error as WireError {
            return error
        }
    }

    @Test(arguments: ConfigurationFlaw.all) func `is refused and called a problem`(
        _ flaw: ConfigurationFlaw
    ) async throws {
        var flaw = flaw
        flaw.place = flaw.place?.replacing("BUCKET", with: node.storage.bucket)
        try flaw.apply(to: node)
        let choice = ConfigurationChoice(name: flaw.name, role: flaw.role)

        let problem = try #require(try await status(choice).error)

        #expect(problem.message.contains(flaw.text), "\(problem)")
        #expect(try await refusal(choice) == problem)
        #expect(try await refusal(choice, dryRun: true) == problem)
    }

    @Test func `an empty disklist is mended by the line that the hint has`() async throws {
        try node.write("etc/amanda/data/disklist", "# none\n")
        let choice = ConfigurationChoice(name: "data", role: .data)
        let hint = try #require(try await refusal(choice)?.hint)
        let line = try #require(hint.split(separator: ": ").last)
        try node.write("etc/amanda/data/disklist", line.replacing("/path", with: node.data) + "\n")
        #expect(try await refusal(choice) == nil, "\(hint)")
    }

    @Test func `of a self-backup that cannot be read nobody says what it leaves out`() async throws {
        try node.write("etc/amanda/self/disklist", "localhost /etc nowhere-defined\n")
        let checked = try await CheckedConfiguration.all(NodeFixture.both, node.settings, node.storage)
        let status = try await ConfigurationStatus.all(of: checked, node.settings)
        #expect(status.map(\.outsideSelfBackup) == [[], []], "\(status)")
        #expect(status[0].error == nil && status[1].error != nil, "\(status)")
    }

    @Test func `a state directory that cannot be written is told, and nothing stays of the look`()
        async throws
    {
        let directory = node.path("looked-at")
        try FileSystem.makeDirectories(directory)
        #expect(await StateLook.fault(in: directory, node: "node01") == nil)
        #expect(try FileSystem.list(directory).isEmpty)
        let fault = try #require(await StateLook.fault(in: "/proc/self", node: "node01"))
        #expect(fault.message.contains("/proc/self") && fault.hint != nil, "\(fault)")
    }

    @Test func `nothing is wrong with what can be backed up`() async throws {
        for choice in NodeFixture.both {
            let status = try await status(choice)
            #expect(status.error == nil && status.diskErrors == nil, "\(status)")
            #expect(try await refusal(choice) == nil)
        }
    }

    @Test func `every fault of every configuration is named`() async throws {
        try node.configure("data", disks: [node.data], properties: [("STORAGE_API", "SWIFT-1.0")])
        try node.write("etc/amanda/data/disklist", "db7 \(node.data) all\ndb8 \(node.data) all\n")
        try node.configure("self", disks: [], place: "elsewhere/self")
        let checked = try await CheckedConfiguration.all(NodeFixture.both, node.settings, node.storage)
        #expect(checked.map(\.faults.count) == [3, 2])
        let request = try node.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both)))
        let refusal = await #expect(throws: WireErrors.self) { _ = try await node.work.check(request) }
        let messages = refusal?.errors.map(\.message) ?? []
        #expect(messages.count == 5)
        for fault in checked.flatMap(\.faults) {
            #expect(messages.contains { $0.contains(fault.message) }, "\(fault)")
        }
    }

    /// `amanda.conf` was copied, and its changer left as it was.
    @Test func `a configuration that would take another's volumes is refused, one that leaves them is told`()
        async throws
    {
        let place = "\(node.storage.bucket)/demo/node01/self"
        try node.configure("data", disks: [node.data], place: place)
        let told = try await CheckedConfiguration.all(NodeFixture.both, node.settings, node.storage)
        #expect(told.flatMap(\.faults).isEmpty)
        let remark = "slot 's3:\(place)/slot-1' is one of configuration 'self' too"
        #expect(told[0].remarks.contains { "\($0)".contains(remark) }, "\(told[0].remarks)")

        let file = "etc/amanda/data/amanda.conf"
        try node.write(file, node.read(file).replacing("\"data-%%\" empty", with: "\"data-%%\" any"))
        let run = try await node.backUp("20261123030600")

        let record = try #require(run.record)
        #expect(record.configurations.map(\.isComplete) == [false, true], "\(record)")
        let fault = try #require(record.configurations[0].faults.first)
        #expect(fault.message.contains("slot 's3:\(place)/slot-1' is one of configuration 'self' too"))
        #expect(
            fault.message.contains("amanda.conf:") && fault.hint?.contains("autolabel") == true, "\(fault)")
        // Its own slots, as the hint says.
        try node.write(
            file, node.read(file).replacing("chg-multi:s3:\(place)/", with: "chg-multi:s3:\(place)-data/"))
        let mended = try await CheckedConfiguration.all(NodeFixture.both, node.settings, node.storage)
        #expect(mended.flatMap(\.faults).isEmpty, "\(mended.flatMap(\.faults))")
    }

    @Test(arguments: ["tapelist", "logdir"])
    func `a catalog of two configurations is its owner's, and named before the night`(
        parameter: String
    ) async throws {
        let directory = "\(node.settings.amandaDirectory)/data"
        let (shared, own) =
            parameter == "logdir"
            ? (directory, "\(node.settings.amandaDirectory)/self")
            : ("\(directory)/tapelist", "\(node.settings.amandaDirectory)/self/tapelist")
        let file = "etc/amanda/self/amanda.conf"
        let lines = try node.read(file).replacing("logdir \"\(own)\"\n", with: "")
        try node.write(file, "\(parameter) \"\(shared)\"\n" + lines)

        let run = try await node.backUp("20261123030600")

        let record = try #require(run.record)
        let states = Dictionary(
            record.configurations.map { ($0.name, $0.isComplete) }, uniquingKeysWith: { first, _ in first })
        #expect(states == ["data": true, "self": false], "\(record)")
        let fault = try #require(record.configurations.first { $0.name == "self" }?.faults.first)
        #expect(
            fault.message.contains("\(parameter) '\(shared)' is that of configuration 'data' too"), "\(fault)"
        )
        // As the hint says.
        let line = try #require(fault.hint?.firstMatch(of: /own: (.*) for 'self'/)?.1)
        #expect(line == "\(parameter) \"\(own)\"")
        try node.write(file, "\(line)\n" + lines)
        let mended = try await CheckedConfiguration.all(NodeFixture.both, node.settings, node.storage)
        #expect(mended.flatMap(\.faults).isEmpty, "\(mended.flatMap(\.faults))")
    }

    @Test func `a typo in one configuration costs no other its night, and the next attempt makes up for it`()
        async throws
    {
        let line = "localhost \(node.data) "
        try node.write("etc/amanda/data/disklist", line + "al\n")

        let plan = try await node.backUp("20261123030600", dryRun: true)
        #expect(plan.state == .failed)
        #expect(plan.record?.configurations.map(\.name) == ["data", "self"])
        let half = try await node.backUp("20261123030601")

        #expect(half.state == .failed)
        #expect(half.faults.map(\.message).contains { $0.hasPrefix("data: ") && $0.contains("'al'") })
        let record = try #require(half.record)
        #expect(record.configurations.map(\.name) == ["data", "self"])
        #expect(record.configurations.map(\.isComplete) == [false, true])
        #expect(record.configurations[0].faults.first?.place?.line == 1)
        try node.write("etc/amanda/data/disklist", line + "all\n")
        let whole = try await node.backUp("20261123030601", attempt: 2)
        #expect(whole.state == .succeeded, "\(whole.faults)")
        #expect(whole.record?.isComplete == true)
    }

    @Test func `a catalog that is ahead costs its own configuration alone`() async throws {
        try node.write("etc/amanda/data/log.20991231235959.0", "")
        let done = try await node.backUp("20261123030600")
        #expect(done.faults.map(\.kind) == [.busy])
        #expect(done.record?.configurations.map(\.isComplete) == [false, true])
    }

    @Test(arguments: ConfigurationFlaw.ofOneDisk)
    func `what a disk's application must not be asked costs that disk alone, with its line`(
        _ flaw: ConfigurationFlaw
    ) async throws {
        let other = node.path("other")
        try node.configure("data", disks: [])
        try node.write("other/file", "a line\n")
        if let file = flaw.file {
            try node.write(file.path, file.text)
            try FileSystem.writeAtomically(node.path(file.path), Array(file.text.utf8), mode: file.mode)
        }
        try node.write(
            "etc/amanda/data/disklist",
            "localhost \(node.data) all\nlocalhost \(other) {\n  all\n  application {\n    plugin \"amgtar\"\n    "
                + "\(try #require(flaw.application))\n  }\n}\n")
        let choice = NodeFixture.both[0]
        let status = try await status(choice)
        #expect(status.error == nil, "\(status)")
        let problem = try #require(status.diskErrors?.first)
        #expect(status.diskErrors?.count == 1 && problem.message.contains(flaw.text), "\(status)")
        let place = "\(node.settings.amandaDirectory)/data/disklist:6"
        #expect(problem.message.hasPrefix("\(place): disk '\(other)': "), "\(problem)")
        #expect(try await refusal(choice) == nil)
        #expect(try await refusal(choice, dryRun: true) == nil)

        let done = try await node.backUp("20261123030600")

        let dumps = try #require(done.record).configurations[0].dumps
        #expect(dumps.map(\.disk) == [node.data, other] && dumps.map(\.status) == [.ok, .failed])
        #expect(dumps[1].error?.message == problem.message && dumps[1].error?.hint == problem.hint)
    }

    /// One disk that lacks something beside one that lacks nothing.
    private static let needs = [
        (
            "script \"freeze\"",
            "define script-tool freeze {\n plugin \"amfleet-absent\"\n execute-on pre-dle-backup\n}"
        ),
        ("encrypt client\n  client-encrypt \"/usr/sbin/absent\"", ""),
        ("compress client custom\n  client-custom-compress \"/usr/bin/absent\"", ""),
    ]

    @Test(arguments: needs) func `what one disk lacks is a problem, and its dump fails in the same words`(
        lines: String, definition: String
    ) async throws {
        let other = node.path("other")
        try node.configure("data", disks: [], definitions: [definition])
        try node.write("other/file", "a line\n")
        try node.write(
            "etc/amanda/data/disklist",
            "localhost \(node.data) all\nlocalhost \(other) {\n  all\n  \(lines)\n}\n")
        let choice = NodeFixture.both[0]
        let status = try await status(choice)
        #expect(status.error == nil, "\(status)")
        let problem = try #require(status.diskErrors?.first)
        #expect(try await refusal(choice) == nil)

        let done = try await node.backUp("20261123030600")

        let dumps = try #require(done.record).configurations[0].dumps
        #expect(dumps.map(\.status) == [.ok, .failed])
        #expect(dumps[1].error?.message == problem.message)
        #expect(dumps[1].error?.hint == problem.hint)
    }
}
