// SPDX-License-Identifier: Apache-2.0

import Agent
public import AgentAPI
public import ArgumentParser
import BlockingWork
import Descriptors
import Glibc
import LogOutput
import Logging

/// `amfleetd bootstrap`: a dead node's machine again, without a coordinator.
struct Bootstrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootstrap",
        abstract: "Make this empty machine the Amanda server of a node again, out of the bucket alone.",
        discussion: """
            Puts the node's newest whole self-backup back, found by the headers of its volumes, and brings the catalogs up to what the \
            volumes bear; amadmin, amfetchdump and amrecover work then. Needs neither coordinator nor agent.json. Credentials come from \
            the environment, the shared credentials file or the instance. Done again, it goes on where it was.
            """)

    @Argument(help: "Where the cluster lies: s3://BUCKET/PREFIX. A recovery kit says it too.")
    var place: String?

    @Option(help: "The node's old name.")
    var node: String

    @Option(
        name: .customLong("configuration"),
        help: "The self-backup's configuration. Default: the one that holds the Amanda directory.")
    var selfBackup: String?

    @Option(help: "The store's region. Default: the kit's, else us-east-1.")
    var region: String?

    @Option(help: "The store, unless it is AWS: https://HOST[:PORT].")
    var endpoint: String?

    @Option(help: "How buckets are addressed: path or virtualHost.")
    var addressing: StorageAddress.Addressing?

    @Option(help: ArgumentHelp("CA certificates of the store, in PEM.", valueName: "file"))
    var storageAuthority: String?

    @Option(
        help: ArgumentHelp(
            "A shared credentials file that comes before every other source.", valueName: "file"))
    var credentialsFile: String?

    @Option(help: ArgumentHelp("Where Amanda's configurations go.", valueName: "directory"))
    var amandaDirectory = AgentSettings.defaultAmandaDirectory

    @Option(
        help: ArgumentHelp(
            "Where it remembers what is done: the agent's state directory.", valueName: "directory"))
    var stateDirectory = AgentSettings.defaultStateDirectory

    @Option(
        help: ArgumentHelp("The recovery kit, or its key in PEM: sealed keys come back.", valueName: "file"))
    var recoveryKey: String?

    @Option(help: ArgumentHelp("Its passphrase, in the first line of a file.", valueName: "file"))
    var recoveryPassphraseFile: String?

    @Option(
        name: .customLong("at"),
        help: "As it was then: 2026-11-30 02:00, or a run's name. Default: the newest.")
    var time: String?

    @Flag(help: "Write over what is there.")
    var overwrite = false

    @Flag(help: "Put keys back also where others lie.")
    var overwriteKeys = false

    @Option(help: ArgumentHelp("Put this sealed file back wherever it lay (repeatable).", valueName: "path"))
    var acceptKey: [String] = []

    @Flag(help: "Install the self-backup's amanda-security.conf whatever it lets run as root.")
    var acceptSecurityFile = false

    @Flag(help: "Give disks of host names that are not this machine's to localhost.")
    var adopt = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Flag(help: "Print one JSON document.")
    var json = false

    @Option(help: ArgumentHelp("From which level on it logs.", valueName: "level"))
    var logLevel = Logger.Level.warning

    func run() async throws {
        DescriptorLimit.raise()
        BlockingThread.enforce()
        let report: BootstrapReport
        do {
            let asked = try await runBlocking("bootstrap") { try order() }
            let isQuiet = json
            report = try await NodeBootstrap(
                asked, logger: LogOutput(limitedBy: "peer").logger("amfleetd", level: logLevel)
            ) { if !isQuiet { Amfleetd.say($0) } }.run()
            let text = try json ? report.document() : Array(report.text.utf8)
            try await runBlocking("output") { try Self.print(text) }
        } catch {
            Amfleetd.say("amfleetd bootstrap: ", error)
            if json, !(error is OutputFailed) {
                try? Self.print(BootstrapFailure(error).document())
            }
            throw ExitCode(Self.code(of: error))
        }
        if !report.isComplete { throw ExitCode(report.isNothingBack ? Self.failed : Self.partial) }
    }

    private func order() throws -> BootstrapOrder {
        var flags = BootstrapFlags(node: node)
        flags.place = place
        flags.region = region
        flags.endpoint = endpoint
        flags.addressing = addressing
        flags.recoveryKeyFile = recoveryKey
        flags.passphraseFile = recoveryPassphraseFile
        flags.time = time
        var order = try flags.order()
        order.configuration = selfBackup
        order.amandaDirectory = amandaDirectory
        order.stateDirectory = stateDirectory
        order.credentialsFile = credentialsFile
        order.storageAuthority = storageAuthority
        order.overwrites = overwrite
        order.overwritesKeys = overwriteKeys
        order.acceptedKeys = acceptKey
        order.acceptsSecurityFile = acceptSecurityFile
        order.adopts = adopt
        order.isDryRun = dryRun
        return order
    }

    /// The numbers of `amfleet`.
    private static let failed: Int32 = 1
    private static let partial: Int32 = 3

    private static func code(of error: any Error) -> Int32 {
        switch (error as? any Fault)?.kind {
        case .configuration, .unsupported: 2
        case .busy: 4
        case .authentication: 5
        case .storageRefused, .storageUnreachable: 6
        case .cancelled: 130
        case .failed, .damaged, .interrupted, .agentLost, nil: error is CancellationError ? 130 : failed
        }
    }

    private struct OutputFailed: Error, CustomStringConvertible {
        let number: Int32
        var description: String { "standard output cannot be written: \(SystemReason.text(number))" }
    }

    /// A reader that went away is no fault.
    static func print(_ bytes: [UInt8]) throws {
        var bytes = ArraySlice(bytes)
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EPIPE {
                return
            } else if errno != EINTR {
                throw OutputFailed(number: count < 0 ? errno : EIO)
            }
        }
    }
}

extension StorageAddress.Addressing: ExpressibleByArgument {}
