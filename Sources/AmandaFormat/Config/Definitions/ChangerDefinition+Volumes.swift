// SPDX-License-Identifier: Apache-2.0

/// How much a volume takes, as the device's properties say.
extension ChangerDefinition {
    /// Whether volumes lie in a bucket, not in directories.
    public var isOnS3: Bool { devices.first?.bucketPath != nil }

    /// `MAX_VOLUME_USAGE`; nil: not set. Amanda then takes the tapetype's `length`.
    var maxVolumeByteCount: Int64? {
        value(ofDeviceProperty: "max-volume-usage").flatMap(DeviceProperties.number)
    }

    /// Whether that is a limit (`ENFORCE_MAX_VOLUME_USAGE`). Amanda's default is no on S3 and yes in a directory.
    /// Source: amanda-devices(7); seen with `amdump`.
    var isVolumeLimited: Bool {
        value(ofDeviceProperty: "enforce-max-volume-usage").flatMap(ParameterReader.bool) ?? !isOnS3
    }

    /// Whether a directory's file system is watched, so that a volume counts as full before it is (`MONITOR_FREE_SPACE`).
    public var watchesFreeSpace: Bool {
        value(ofDeviceProperty: "monitor-free-space").flatMap(ParameterReader.bool) ?? true
    }
}

extension AmandaConfiguration {
    /// Bytes after which a volume of this changer is full, headers included; nil: there is no limit.
    public func volumeByteLimit(on changer: ChangerDefinition) -> Int64? {
        guard changer.isVolumeLimited else { return nil }
        let limit = changer.maxVolumeByteCount ?? tapetype.lengthBytes
        return limit > 0 ? limit : nil
    }

    /// How many bytes stock Amanda would put into one block object or upload part on this changer.
    public func blockByteCount(on changer: ChangerDefinition) -> Int64 {
        tapetype.blockByteCount ?? changer.blockByteCount
            ?? (changer.isOnS3 ? TapeType.defaultS3BlockByteCount : TapeType.defaultBlockByteCount)
    }
}
