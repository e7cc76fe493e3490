// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HiddenCharacters

/// The next commands after a bootstrap, as they stand.
struct BootstrapAdvice {
    let order: BootstrapOrder
    let report: BootstrapReport

    var commands: [String] {
        let data = report.configurations.filter { $0.name != report.selfBackup && $0.faults.isEmpty }
        var commands: [String] = []
        if order.recoveryKey == nil, report.secrets?.key != nil {
            commands.append("\(again) --recovery-key FILE   # puts the sealed keys back")
        }
        if report.configurations.contains(where: { !$0.foreignHosts.isEmpty }), !order.adopts {
            commands.append("\(again) --adopt   # gives disks of other host names to this machine")
        }
        for name in data.map(\.name).prefix(1) + [report.selfBackup] {
            commands.append("amadmin \(name.shellWord) find   # as the dumpuser: what there is to restore")
        }
        if let name = data.first?.name {
            commands.append(
                "amfetchdump -p \(name.shellWord) localhost DISK   # as the dumpuser; or amrecover -C \(name.shellWord), as root"
            )
        }
        commands.append(
            "amfleet node replace \(order.node) ADDRESS   # on the coordinator: the node belongs to the cluster again"
        )
        // The self-backup is back, and over it nothing is restored unasked.
        if !data.isEmpty {
            let names = data.map { "--configuration \($0.name.shellWord)" }.joined(separator: " ")
            commands.append(
                "amfleet restore --node \(order.node) \(names)   # on the coordinator: its data too")
        }
        return commands
    }

    /// After one that is damaged.
    func commands(before found: SelfBackupFinder.Found) -> [String] {
        guard !order.isDryRun, report.disks.contains(where: { $0.error?.kind == .damaged }),
            let run = found.runBefore
        else { return [] }
        var words = call
        if order.overwrites { words.append("--overwrite") }
        return ["\((words + ["--at", "\(run)"]).joined(separator: " "))   # the self-backup before it"]
    }

    /// The same call once more, over what it has brought back.
    private var again: String {
        (call + (order.time.map { ["--at", "\($0)"] } ?? [])).joined(separator: " ")
    }

    /// Everything that was said of the store, the key and this machine: without it the command would look elsewhere.
    private var call: [String] {
        let (storage, kit) = (order.storage, order.kit?.bucket == order.storage.bucket ? order.kit : nil)
        let place = StorageURL(bucket: storage.bucket, prefix: storage.prefix)
        var words = ["amfleetd", "bootstrap", "\(place)".shellWord, "--node", order.node]
        func add(_ flag: String, _ value: String?) {
            if let value { words += [flag, value.shellWord] }
        }
        func add(_ flag: String, if isSaid: Bool) {
            if isSaid { words.append(flag) }
        }
        add("--configuration", order.configuration)
        add("--region", storage.region == kit?.region ? nil : storage.region)
        add("--endpoint", storage.endpoint == kit?.endpoint ? nil : storage.endpoint)
        add("--addressing", storage.addressing == kit?.addressing ? nil : storage.addressing?.rawValue)
        add("--storage-authority", order.storageAuthority)
        add("--credentials-file", order.credentialsFile)
        let directory = order.amandaDirectory
        add("--amanda-directory", directory == AgentSettings.defaultAmandaDirectory ? nil : directory)
        let state = order.stateDirectory
        add("--state-directory", state == AgentSettings.defaultStateDirectory ? nil : state)
        add("--recovery-key", order.recoveryKeyFile)
        add("--recovery-passphrase-file", order.passphraseFile)
        for path in order.acceptedKeys { add("--accept-key", path) }
        add("--overwrite-keys", if: order.overwritesKeys)
        add("--accept-security-file", if: order.acceptsSecurityFile)
        add("--adopt", if: order.adopts)
        return words
    }
}
