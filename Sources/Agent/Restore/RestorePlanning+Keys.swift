// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files

/// The keys that dumps are decrypted with: looked for before the first byte, since what comes out without them is nothing.
extension RestorePlanning {
    /// A disk whose key is not there is lost, and its directory stays as it is. A key that this very restore brings back is waited for.
    func requireKeys(_ steps: inout [RestoreStep], _ lost: inout LostDisks) async throws {
        let coming = order.directory == nil ? steps.map(\.target.path) : []
        let ways = steps.map(\.decryption)
        guard ways.contains(where: { !$0.isEmpty }) else { return }
        let sealed = try await sealedPaths()
        for index in steps.indices where steps[index].fault == nil && !ways[index].isEmpty {
            let name = steps[index].disk.configuration.name
            let (disk, programs) = (steps[index].disk.disk, ways[index])
            let named = namedKeys(of: disk, in: name)
            let looks = try await runBlocking("keys") { [keptKeys, leftOutKeys] in
                programs.sorted { $0.key < $1.key }.map { program, user in
                    KeyLook(
                        KeyDemand(
                            program: program, user: user, naming: named[program] ?? [], besides: sealed),
                        program: program, kept: keptKeys, leftOut: leftOutKeys, coming: coming,
                        sealed: sealed)
                }
            }
            let keys = looks.flatMap { $0.keys(configuration: name, disk: disk) }
            steps[index].keys = keys
            guard
                let fault = looks.lazy.compactMap({
                    $0.fault(node: node, isSent: order.awaitsSecrets == true)
                }).first
            else { continue }
            lost.add(fault, at: index)
            var step = RestoreStep(disk: steps[index].disk, target: steps[index].target, plans: [])
            (step.fault, step.keys, step.stored) = (fault, keys, steps[index].stored)
            steps[index] = step
        }
    }

    /// What this machine's dumptype of a disk names as its program's keys, by program.
    private func namedKeys(of disk: String, in configuration: String) -> [String: [String]] {
        let loaded = try? configurations.named(configuration)?.loaded.get()
        let own = (loaded?.disklist.entries ?? []).filter { $0.diskName == disk }.map(\.dumptype)
        return own.reduce(into: [:]) { found, dumptype in
            guard let program = dumptype.encryptionProgram else { return }
            found[program, default: []] += SecretProperty(dumptype)?.paths ?? []
        }
    }

    /// What the bucket holds for whoever has the recovery key, by the run's record. What has come with the restore is in its place already.
    ///
    /// - Returns: nil where the record of a plan cannot be had: what is not there may be sealed. A restore does without none of it.
    private func sealedPaths() async throws -> Set<String>? {
        guard order.awaitsSecrets != true else { return sealedKeys }
        do {
            let record = try await records.read(run, node: order.sourceNode)
            return Set((record?.secrets?.files ?? []).map(\.path))
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            return isDry ? nil : sealedKeys
        }
    }
}

extension RestoreStep {
    /// Whoever runs it, by program; empty: nothing is decrypted, or nobody is there to do it.
    fileprivate var decryption: [String: UserAccount] {
        let demands = plans.flatMap { plan in
            plan.filterUser.map { user in plan.encryptionPrograms.map { ($0, user) } } ?? []
        }
        return Dictionary(demands) { first, _ in first }
    }
}
