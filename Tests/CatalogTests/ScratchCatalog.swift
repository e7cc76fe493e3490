// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import TestSupport

@testable import Catalog

/// A catalog of its own in a temporary directory, owned by whoever runs the tests.
struct ScratchCatalog {
    private let directory: TemporaryDirectory
    var location: CatalogLocation

    init() throws {
        directory = try TemporaryDirectory("catalog")
        location = CatalogLocation(configuration: "amcat", directory: directory.path, owner: nil)
        location.changerStateFile = directory.path + "/s3-statefile"
        location.lockWait = .milliseconds(200)
    }

    /// With the files that stock Amanda left.
    static func ofStockAmanda() throws -> ScratchCatalog {
        let scratch = try ScratchCatalog()
        for name in [
            "tapelist", "s3-statefile", "command_file", "log.20261123081039.0", "log.20261123081045.0",
        ] {
            try scratch.write(name, try fixture(name))
        }
        return scratch
    }

    func path(_ name: String) -> String { directory.path + "/" + name }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try FileSystem.writeAtomically(path(name), bytes)
    }

    func text(_ name: String) throws -> String {
        String(amandaBytes: try FileSystem.readAll(path(name)))
    }
}

func fixture(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
}

/// Runs a program and gives its output, standard error included. Through a file: a pipe's end may be inherited by
/// what another test starts at the same moment, and then never closes.
@discardableResult
func output(of program: String, _ arguments: [String]) throws -> (text: String, status: Int32) {
    let directory = try TemporaryDirectory("output")
    let path = directory.path + "/output"
    try FileSystem.writeAtomically(path, [])
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardOutput = file
    process.standardError = file
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try file.close()
    return (String(amandaBytes: try FileSystem.readAll(path)), process.terminationStatus)
}

/// A dump as the engine reports it.
func dumpRecord(
    run: Datestamp, disk: String, files: [Int], on label: String, level: Int = 0,
    status: LoggedDump.Status = .done, way: LoggedDump.Way = .straight, messages: [String] = [],
    indexLinesFile: String? = nil
) -> LoggedDump {
    var header = DumpHeader(
        kind: .split, datestamp: run, host: "localhost", disk: disk, part: .init(number: 1),
        level: level,
        compressionSuffix: ".gz", program: "APPLICATION", application: "amgtar")
    header.originalKiB = 3560
    header.nativeCRC = CRCSize(crc32c: 0xb82e_c8b3, byteCount: 3_645_440)
    header.clientCRC = CRCSize(crc32c: 0x6809_8a5b, byteCount: Int64(files.count) << 20)
    header.serverCRC = header.clientCRC
    return LoggedDump(
        header: header,
        parts: files.map { dumpPart(label, $0) },
        status: status, way: way, seconds: 2, messages: messages, indexLinesFile: indexLinesFile)
}

func dumpPart(_ label: String, _ file: Int, byteCount: Int64 = 1 << 20) -> DumpPart {
    DumpPart(
        label: label, fileNumber: file, headerKey: "\(label)-\(file)", byteCount: byteCount, proof: .checksum)
}

/// The slot of a device's name.
func testDevice(_ name: String) -> VolumeDevice {
    VolumeDevice(device: name, slot: 1)
        ?? .directory(DirectoryDevicePath(path: name, slot: 1, dataDirectory: .never))
}
