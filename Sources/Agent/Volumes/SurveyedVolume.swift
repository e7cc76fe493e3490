// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// A volume as its label, its headers and a listing show it.
struct SurveyedVolume: Sendable {
    /// A file that has a header.
    struct File: Sendable {
        let label: String
        let number: UInt32
        let header: DumpHeader
        /// Bytes of its data; nil: they are not all there.
        let byteCount: Int64?
    }

    let record: VolumeRecord
    /// That it bears.
    let run: Datestamp
    /// By number.
    let files: [File]
}
