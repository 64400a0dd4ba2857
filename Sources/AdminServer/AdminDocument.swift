/// The OpenAPI document of the admin API and the data plane, as it stands in the sources.
enum AdminDocument {
    static let bytes: [UInt8] = PackageResources.openapi_json
}
