// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// The table's refusals, in words.
enum JobRefusal {
    static func anotherRuns(_ job: StoredJob, node: String) -> WireError {
        WireError(
            .busy, node: node,
            "job '\(job.request.id)' (\(job.request.order.kind.rawValue) of run \(job.request.run)) is running here "
                + "for \(job.request.coordinator)",
            hint: "wait for it with 'amfleet watch', or end it with 'amfleet cancel'.",
            runningJob: job.request.id)
    }

    static func fenced(_ fence: Int, highest: Int, node: String) -> WireError {
        WireError(
            .busy, node: node,
            "the lease's number \(fence) is older than \(highest), which this node has seen",
            hint:
                "another coordinator has taken over, or a clock has gone back: see 'amfleet status', then start again."
        )
    }

    static func impossibleFence(_ fence: Int, node: String) -> WireError {
        WireError(
            .configuration, node: node,
            "the lease's number \(fence) is the time of no lease that there can be yet",
            hint: "compare this node's clock with the coordinator's: 'amfleet status' shows both.")
    }

    static func differs(_ request: JobRequest) -> WireError {
        let isBackup = request.id == "backup-\(request.run)-\(request.node)"
        return WireError(
            .busy, node: request.node,
            "job '\(request.id)' exists with another order",
            hint: isBackup
                ? "'amfleet retry \(request.run)' asks for a further attempt."
                : "give every new job an id of its own.", runningJob: request.id)
    }

    static func unknown(_ id: String, node: String) -> WireError {
        WireError(.failed, node: node, "there is no job '\(id)' on this node")
    }

    static func wrongNode(_ request: JobRequest, node: String, cluster: String) -> WireError {
        WireError(
            .configuration, node: node,
            "the job is for node '\(request.node)' of cluster '\(request.cluster)', this is node '\(node)' of "
                + "cluster '\(cluster)'",
            hint: "correct the node's address in cluster.json.")
    }

    static func unusableID(node: String) -> WireError {
        WireError(
            .configuration, node: node,
            "a job's id is made of letters, digits, '-' and '_', at most \(JobRequest.idByteCountLimit)")
    }

    static func cancelled(node: String) -> WireError {
        WireError(.cancelled, node: node, "the job was cancelled")
    }

    static func agentStopped(node: String) -> WireError {
        WireError(
            .interrupted, node: node, "the agent stopped while the job ran",
            hint: "start the agent if it is down; 'amfleet retry' with the run's name backs it up again.")
    }
}
