// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging

extension Preflight {
    /// What was found, line by line.
    func tell(_ logger: Logger) {
        for outcome in statuses {
            var metadata: Logger.Metadata = ["node": "\(outcome.node)"]
            guard let status = outcome.report else {
                metadata["reason"] = "\(outcome.error?.message ?? "unknown")"
                logger.info("the agent gave no status", metadata: metadata)
                continue
            }
            metadata["version"] = "\(status.version)"
            metadata["runningJob"] = status.runningJob.map { "\($0)" }
            metadata["storageError"] = status.storageError.map { "\($0.message)" }
            logger.info("the agent gave its status", metadata: metadata)
            for configuration in status.configurations {
                guard let error = configuration.error else { continue }
                logger.info(
                    "the agent refuses a configuration",
                    metadata: [
                        "node": "\(outcome.node)", "configuration": "\(configuration.name)",
                        "reason": "\(error.message)",
                    ])
            }
        }
        let fault = storageError?.message ?? foreignPrefix.map { "\($0)" }
        logger.info(
            fault == nil ? "the store answers" : "the store cannot be used",
            metadata: fault.map { ["reason": "\($0)"] })
    }
}
