// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

extension ScriptRunner {
    /// Does `work` between the scripts of the whole run (`host` nil) or of one host, before and after an activity.
    ///
    /// `work` gets what was said before it; the scripts after it run whatever became of it or of the task.
    public func around<Result>(
        _ activity: ScriptPoint.Activity, host: String? = nil,
        _ work: (ScriptReport) async throws -> Result
    ) async throws -> (result: Result, after: ScriptReport) {
        let result: Result
        do {
            result = try await work(try await run(activity, "PRE", host))
        } catch {
            _ = try? await run(activity, "POST", host)
            throw error
        }
        return (result, try await run(activity, "POST", host))
    }

    private func run(
        _ activity: ScriptPoint.Activity, _ end: String, _ host: String?
    ) async throws -> ScriptReport {
        let name = "\(end)-\(host == nil ? "" : "HOST-")\(activity.rawValue.uppercased())"
        guard let point = ScriptPoint(rawValue: name) else { return ScriptReport() }
        if let host { return try await run(point, host: host) }
        return try await run(point)
    }
}
