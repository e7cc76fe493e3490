// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Logging

/// What an agent that was killed could not remove itself: index lines of a dump, what a restore had put together beside or
/// inside its target, files that were about to take another's place, of its identity above all.
///
/// Only at the agent's start, before any job is taken on: a running job has the same in the same places.
struct Leftovers: Sendable {
    let settings: AgentSettings

    /// What cannot be removed is logged, and stays.
    func remove(logger: Logger) {
        RestoreLedgers(stateDirectory: settings.stateDirectory).removeStaging(logger: logger)
        let state = settings.stateDirectory
        let works = ((try? FileSystem.list(state)) ?? []).filter {
            $0.hasPrefix(ConfigurationRuns.workPrefix)
        }
        for path in works.map({ "\(state)/\($0)" }) + [SelfRestore.staging(beside: settings.amandaDirectory)]
        {
            let wasThere = FileSystem.exists(path)
            do {
                try FileSystem.removeTree(path)
                if wasThere {
                    logger.info("leftovers of an earlier agent removed", metadata: ["path": "\(path)"])
                }
            } catch {
                logger.warning("\(error)")
            }
        }
        for path in removeHalfWritten() + removeTrials() {
            logger.info("what an earlier agent had begun to write is removed", metadata: ["path": "\(path)"])
        }
    }

    /// In the state directory only the agent writes; where its identity lies, others may.
    private func removeHalfWritten() -> [String] {
        let (tls, state) = (settings.tls, settings.stateDirectory)
        let identity = IdentityFiles(certificate: tls.certificate, privateKey: tls.privateKey)
        return identity.removeAbandoned(includingOwn: true)
            + FileSystem.removeAbandoned([FileSystem.realPath(tls.authority)], includingOwn: true)
            + [state, JobStore.directory(state)].flatMap {
                FileSystem.removeAbandoned(in: $0, includingOwn: true)
            }
    }

    /// What earlier agents left where they were killed while they tried whether their state directory can be written.
    private func removeTrials() -> [String] {
        let state = settings.stateDirectory
        let names = ((try? FileSystem.list(state)) ?? []).filter { name in
            name.hasPrefix(Self.formerTrial)
                && name.dropFirst(Self.formerTrial.count).utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        return names.map { "\(state)/\($0)" }.filter { path in
            (try? FileSystem.status(path))?.kind == .regular && (try? FileSystem.remove(path)) != nil
        }
    }

    private static let formerTrial = ".status-"
}
