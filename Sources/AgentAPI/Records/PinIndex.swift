// SPDX-License-Identifier: Apache-2.0

/// Where to look for pins (`pins.json` in the bucket), so that nobody has to read the manifest of every run there ever was.
///
/// It proves nothing by itself: a run is pinned if its manifest says so. A run is added before its manifest is changed, and removed
/// after it.
public struct PinIndex: Codable, Sendable, Equatable {
    public var format: Int
    /// Newest first.
    public var runs: [RunName]

    public init(runs: [RunName] = []) {
        format = WireJSON.format
        self.runs = runs
    }
}
