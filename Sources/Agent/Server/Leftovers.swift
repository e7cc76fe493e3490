// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Logging

/// What an agent that was killed could not remove itself: index lines of a dump, what a restore had put together beside or
/// inside its target.
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
    }
}
