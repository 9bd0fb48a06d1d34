/*
 * schema_volumes: volumes of a pod, also those that Kubernetes has deprecated: they must be
 * decoded to be refused by name.
 */
#include "schema.h"

static const struct field volume_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the volume, unique in the pod."),
    ROW(IN(2, 1), "hostPath", T_OBJECT, F_PTR,
	"A file or folder of the machine that the pod runs on.",
	.of = &schema_host_path_volume_source),
    ROW(IN(2, 2), "emptyDir", T_OBJECT, F_PTR,
	"A folder that is empty at the start and gone with the pod.",
	.of = &schema_empty_dir_volume_source),
    ROW(IN(2, 3), "gcePersistentDisk", T_OBJECT, F_PTR | F_LATER,
	"A disk of Google Compute Engine; deprecated, use csi.",
	.of = &schema_gce_persistent_disk_volume_source),
    ROW(IN(2, 4), "awsElasticBlockStore", T_OBJECT, F_PTR | F_LATER,
	"A disk of AWS; deprecated, use csi.", .of = &schema_aws_elastic_block_store_volume_source),
    ROW(IN(2, 5), "gitRepo", T_OBJECT, F_PTR | F_LATER,
	"A Git checkout; deprecated, use an init container.", .of = &schema_git_repo_volume_source),
    ROW(IN(2, 6), "secret", T_OBJECT, F_PTR, "A folder with a file for each key of a secret.",
	.of = &schema_secret_volume_source),
    ROW(IN(2, 7), "nfs", T_OBJECT, F_PTR | F_LATER, "An NFS export.",
	.of = &schema_nfs_volume_source),
    ROW(IN(2, 8), "iscsi", T_OBJECT, F_PTR | F_LATER, "An iSCSI disk.",
	.of = &schema_iscsi_volume_source),
    ROW(IN(2, 9), "glusterfs", T_OBJECT, F_PTR | F_LATER,
	"A GlusterFS volume; removed from Kubernetes.", .of = &schema_glusterfs_volume_source),
    ROW(IN(2, 10), "persistentVolumeClaim", T_OBJECT, F_PTR,
	"The volume behind a claim of the same namespace.",
	.of = &schema_persistent_volume_claim_volume_source),
    ROW(IN(2, 11), "rbd", T_OBJECT, F_PTR | F_LATER,
	"A Ceph block device; removed from Kubernetes.", .of = &schema_rbd_volume_source),
    ROW(IN(2, 12), "flexVolume", T_OBJECT, F_PTR | F_LATER,
	"A volume of an exec driver; deprecated, use csi.", .of = &schema_flex_volume_source),
    ROW(IN(2, 13), "cinder", T_OBJECT, F_PTR | F_LATER, "A disk of OpenStack; deprecated, use csi.",
	.of = &schema_cinder_volume_source),
    ROW(IN(2, 14), "cephfs", T_OBJECT, F_PTR | F_LATER, "A CephFS folder; removed from Kubernetes.",
	.of = &schema_ceph_fs_volume_source),
    ROW(IN(2, 15), "flocker", T_OBJECT, F_PTR | F_LATER,
	"A Flocker volume; removed from Kubernetes.", .of = &schema_flocker_volume_source),
    ROW(IN(2, 16), "downwardAPI", T_OBJECT, F_PTR, "A folder with fields of the pod as files.",
	.of = &schema_downward_api_volume_source),
    ROW(IN(2, 17), "fc", T_OBJECT, F_PTR | F_LATER, "A Fibre Channel disk.",
	.of = &schema_fc_volume_source),
    ROW(IN(2, 18), "azureFile", T_OBJECT, F_PTR | F_LATER,
	"A file share of Azure; deprecated, use csi.", .of = &schema_azure_file_volume_source),
    ROW(IN(2, 19), "configMap", T_OBJECT, F_PTR,
	"A folder with a file for each key of a config map.",
	.of = &schema_config_map_volume_source),
    ROW(IN(2, 20), "vsphereVolume", T_OBJECT, F_PTR | F_LATER,
	"A disk of vSphere; deprecated, use csi.",
	.of = &schema_vsphere_virtual_disk_volume_source),
    ROW(IN(2, 21), "quobyte", T_OBJECT, F_PTR | F_LATER,
	"A Quobyte volume; removed from Kubernetes.", .of = &schema_quobyte_volume_source),
    ROW(IN(2, 22), "azureDisk", T_OBJECT, F_PTR | F_LATER, "A disk of Azure; deprecated, use csi.",
	.of = &schema_azure_disk_volume_source),
    ROW(IN(2, 23), "photonPersistentDisk", T_OBJECT, F_PTR | F_LATER,
	"A disk of Photon; removed from Kubernetes.",
	.of = &schema_photon_persistent_disk_volume_source),
    ROW(IN(2, 26), "projected", T_OBJECT, F_PTR,
	"Several sources (secrets, config maps, fields, tokens) in one folder.",
	.of = &schema_projected_volume_source),
    ROW(IN(2, 24), "portworxVolume", T_OBJECT, F_PTR | F_LATER,
	"A Portworx volume; deprecated, use csi.", .of = &schema_portworx_volume_source),
    ROW(IN(2, 25), "scaleIO", T_OBJECT, F_PTR | F_LATER,
	"A ScaleIO volume; removed from Kubernetes.", .of = &schema_scale_io_volume_source),
    ROW(IN(2, 27), "storageos", T_OBJECT, F_PTR | F_LATER,
	"A StorageOS volume; removed from Kubernetes.", .of = &schema_storage_os_volume_source),
    ROW(IN(2, 28), "csi", T_OBJECT, F_PTR | F_LATER, "A volume of a CSI driver.",
	.of = &schema_csi_volume_source),
    ROW(IN(2, 29), "ephemeral", T_OBJECT, F_PTR,
	"A claim that is made for the pod and gone with it.",
	.of = &schema_ephemeral_volume_source),
    ROW(IN(2, 30), "image", T_OBJECT, F_PTR | F_LATER,
	"The files of an image or artifact, read-only.", .of = &schema_image_volume_source),
    {0},
};
SCHEMA(volume, "Volume");

static const struct field host_path_volume_source_fields[] = {
    ROW(1, "path", T_STRING, F_REQUIRED, "Path on the host."),
    ROW(2, "type", T_STRING, F_PTR,
	"What must be there, such as Directory or File; DirectoryOrCreate and FileOrCreate make "
	"it. Empty: no check.",
	.values = ENUM("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket",
	    "CharDevice", "BlockDevice"),
	.dflt = "\"\"", .go_type = "HostPathType"),
    {0},
};
SCHEMA(host_path_volume_source, "HostPathVolumeSource");

static const struct field empty_dir_volume_source_fields[] = {
    ROW(1, "medium", T_STRING, 0,
	"Empty: on disk. Memory: in RAM, counted as the container's memory.",
	.go_type = "StorageMedium"),
    ROW(2, "sizeLimit", T_QUANTITY, F_PTR, "The most that may be stored in it."),
    {0},
};
SCHEMA(empty_dir_volume_source, "EmptyDirVolumeSource");

static const struct field secret_volume_source_fields[] = {
    ROW(1, "secretName", T_STRING, 0, "Name of the secret."),
    ROW(2, "items", T_OBJECT_LIST, 0, "Keys that become files, with their paths; absent: all keys.",
	.of = &schema_key_to_path),
    ROW(3, "defaultMode", T_INT32, F_PTR,
	"Permission bits of the files; in YAML 0644 is octal, in JSON it is 420.", .dflt = "420"),
    ROW(4, "optional", T_BOOL, F_PTR,
	"True: the pod starts also where the object or a key is missing."),
    {0},
};
SCHEMA(secret_volume_source, "SecretVolumeSource");

static const struct field config_map_volume_source_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the config map."),
    ROW(2, "items", T_OBJECT_LIST, 0, "Keys that become files, with their paths; absent: all keys.",
	.of = &schema_key_to_path),
    ROW(3, "defaultMode", T_INT32, F_PTR,
	"Permission bits of the files; in YAML 0644 is octal, in JSON it is 420.", .dflt = "420"),
    ROW(4, "optional", T_BOOL, F_PTR,
	"True: the pod starts also where the object or a key is missing."),
    {0},
};
SCHEMA(config_map_volume_source, "ConfigMapVolumeSource");

static const struct field key_to_path_fields[] = {
    ROW(1, "key", T_STRING, F_REQUIRED, "The key whose value the file holds."),
    ROW(2, "path", T_STRING, F_REQUIRED, "Relative path of the file in the volume."),
    ROW(3, "mode", T_INT32, F_PTR, "Permission bits of the file instead of defaultMode."),
    {0},
};
SCHEMA(key_to_path, "KeyToPath");

static const struct field downward_api_volume_source_fields[] = {
    ROW(1, "items", T_OBJECT_LIST, 0, "The files and which field each one holds.",
	.of = &schema_downward_api_volume_file),
    ROW(2, "defaultMode", T_INT32, F_PTR,
	"Permission bits of the files; in YAML 0644 is octal, in JSON it is 420.", .dflt = "420"),
    {0},
};
SCHEMA(downward_api_volume_source, "DownwardAPIVolumeSource");

static const struct field downward_api_volume_file_fields[] = {
    ROW(1, "path", T_STRING, F_REQUIRED, "Relative path of the file in the volume."),
    ROW(2, "fieldRef", T_OBJECT, F_PTR, "The field of the pod that the file holds.",
	.of = &schema_object_field_selector),
    ROW(3, "resourceFieldRef", T_OBJECT, F_PTR, "The request or limit that the file holds.",
	.of = &schema_resource_field_selector),
    ROW(4, "mode", T_INT32, F_PTR, "Permission bits of the file."),
    {0},
};
SCHEMA(downward_api_volume_file, "DownwardAPIVolumeFile");

static const struct field projected_volume_source_fields[] = {
    ROW(1, "sources", T_OBJECT_LIST, 0, "What is put into the folder.",
	.of = &schema_volume_projection),
    ROW(2, "defaultMode", T_INT32, F_PTR,
	"Permission bits of the files; in YAML 0644 is octal, in JSON it is 420.", .dflt = "420"),
    {0},
};
SCHEMA(projected_volume_source, "ProjectedVolumeSource");

static const struct field volume_projection_fields[] = {
    ROW(1, "secret", T_OBJECT, F_PTR, "A secret.", .of = &schema_secret_projection),
    ROW(2, "downwardAPI", T_OBJECT, F_PTR, "Fields of the pod.",
	.of = &schema_downward_api_projection),
    ROW(3, "configMap", T_OBJECT, F_PTR, "A config map.", .of = &schema_config_map_projection),
    ROW(4, "serviceAccountToken", T_OBJECT, F_PTR | F_LATER, "A token.",
	.of = &schema_service_account_token_projection),
    ROW(5, "clusterTrustBundle", T_OBJECT, F_PTR | F_LATER, "Trust anchors.",
	.of = &schema_cluster_trust_bundle_projection),
    ROW(6, "podCertificate", T_OBJECT, F_PTR | F_LATER, "A certificate of the pod.",
	.of = &schema_pod_certificate_projection),
    {0},
};
SCHEMA(volume_projection, "VolumeProjection");

static const struct field secret_projection_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the secret."),
    ROW(2, "items", T_OBJECT_LIST, 0, "Keys that become files, with their paths; absent: all keys.",
	.of = &schema_key_to_path),
    ROW(4, "optional", T_BOOL, F_PTR,
	"True: the pod starts also where the object or a key is missing."),
    {0},
};
SCHEMA(secret_projection, "SecretProjection");

static const struct field config_map_projection_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the config map."),
    ROW(2, "items", T_OBJECT_LIST, 0, "Keys that become files, with their paths; absent: all keys.",
	.of = &schema_key_to_path),
    ROW(4, "optional", T_BOOL, F_PTR,
	"True: the pod starts also where the object or a key is missing."),
    {0},
};
SCHEMA(config_map_projection, "ConfigMapProjection");

static const struct field downward_api_projection_fields[] = {
    ROW(1, "items", T_OBJECT_LIST, 0, "The files and which field each one holds.",
	.of = &schema_downward_api_volume_file),
    {0},
};
SCHEMA(downward_api_projection, "DownwardAPIProjection");

static const struct field service_account_token_projection_fields[] = {
    ROW(1, "audience", T_STRING, 0, "Audience of the token."),
    ROW(2, "expirationSeconds", T_INT64, F_PTR, "Life of the token.", .dflt = "3600"),
    ROW(3, "path", T_STRING, F_REQUIRED, "Path in the volume."),
    {0},
};
SCHEMA(service_account_token_projection, "ServiceAccountTokenProjection");

static const struct field cluster_trust_bundle_projection_fields[] = {
    ROW(1, "name", T_STRING, F_PTR, "Name of the bundle."),
    ROW(2, "signerName", T_STRING, F_PTR, "Signer of the bundles."),
    ROW(3, "labelSelector", T_OBJECT, F_PTR, "Which bundles of the signer.",
	.of = &schema_label_selector),
    ROW(5, "optional", T_BOOL, F_PTR, "Whether it may be missing."),
    ROW(4, "path", T_STRING, F_REQUIRED, "Path in the volume."),
    {0},
};
SCHEMA(cluster_trust_bundle_projection, "ClusterTrustBundleProjection");

static const struct field pod_certificate_projection_fields[] = {
    ROW(1, "signerName", T_STRING, F_REQUIRED, "Signer of the certificate."),
    ROW(2, "keyType", T_STRING, F_REQUIRED, "Kind of key."),
    ROW(3, "maxExpirationSeconds", T_INT32, F_PTR, "Longest life of the certificate."),
    ROW(4, "credentialBundlePath", T_STRING, 0, "Path of key and chain in one file."),
    ROW(5, "keyPath", T_STRING, 0, "Path of the key."),
    ROW(6, "certificateChainPath", T_STRING, 0, "Path of the chain."),
    ROW(7, "userAnnotations", T_STRING_MAP, 0, "Annotations for the signer."),
    {0},
};
SCHEMA(pod_certificate_projection, "PodCertificateProjection");

static const struct field persistent_volume_claim_volume_source_fields[] = {
    ROW(1, "claimName", T_STRING, F_REQUIRED, "Name of the claim in the pod's namespace."),
    ROW(2, "readOnly", T_BOOL, 0, "Whether no container can write to it."),
    {0},
};
SCHEMA(persistent_volume_claim_volume_source, "PersistentVolumeClaimVolumeSource");

static const struct field ephemeral_volume_source_fields[] = {
    ROW(1, "volumeClaimTemplate", T_OBJECT, F_PTR, "The claim to create.",
	.of = &schema_persistent_volume_claim_template),
    {0},
};
SCHEMA(ephemeral_volume_source, "EphemeralVolumeSource");

static const struct field persistent_volume_claim_template_fields[] = {
    ROW(1, "metadata", T_OBJECT, 0, "Labels and annotations of the claim.",
	.of = &schema_object_meta),
    ROW(2, "spec", T_OBJECT, F_REQUIRED, "The claim.", .of = &schema_persistent_volume_claim_spec),
    {0},
};
SCHEMA(persistent_volume_claim_template, "PersistentVolumeClaimTemplate");

static const struct field persistent_volume_claim_spec_fields[] = {
    ROW(1, "accessModes", T_STRING_LIST, 0,
	"How the volume may be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany or "
	"ReadWriteOncePod."),
    ROW(4, "selector", T_OBJECT, F_PTR | F_LATER, "Which volumes are possible.",
	.of = &schema_label_selector),
    ROW(2, "resources", T_OBJECT, 0, "The size that is wanted; the engine does not limit it.",
	.of = &schema_volume_resource_requirements),
    ROW(3, "volumeName", T_STRING, 0,
	"The engine's volume; when absent, it has the name of the claim."),
    ROW(5, "storageClassName", T_STRING, F_PTR | F_NOOP, "Storage class."),
    ROW(6, "volumeMode", T_STRING, F_PTR | F_LATER, "Filesystem or Block.",
	.values = ENUM("Block", "Filesystem"), .dflt = "\"Filesystem\"", .accept = "\"Filesystem\"",
	.go_type = "PersistentVolumeMode"),
    ROW(7, "dataSource", T_OBJECT, F_PTR | F_LATER, "What to fill the volume with.",
	.of = &schema_typed_local_object_reference),
    ROW(8, "dataSourceRef", T_OBJECT, F_PTR | F_LATER, "What to fill the volume with.",
	.of = &schema_typed_object_reference),
    ROW(9, "volumeAttributesClassName", T_STRING, F_PTR | F_NOOP, "Class of volume attributes."),
    {0},
};
SCHEMA(persistent_volume_claim_spec, "PersistentVolumeClaimSpec");

static const struct field volume_resource_requirements_fields[] = {
    ROW(1, "limits", T_QUANTITY_MAP, 0, "Most that is allowed."),
    ROW(2, "requests", T_QUANTITY_MAP, 0, "Least that is needed."),
    {0},
};
SCHEMA(volume_resource_requirements, "VolumeResourceRequirements");

static const struct field csi_volume_source_fields[] = {
    ROW(1, "driver", T_STRING, F_REQUIRED, "Name of the driver."),
    ROW(2, "readOnly", T_BOOL, F_PTR, "Whether it is read-only."),
    ROW(3, "fsType", T_STRING, F_PTR, "File system."),
    ROW(4, "volumeAttributes", T_STRING_MAP, 0, "Settings for the driver."),
    ROW(5, "nodePublishSecretRef", T_OBJECT, F_PTR, "Secret for the driver.",
	.of = &schema_local_object_reference),
    {0},
};
SCHEMA(csi_volume_source, "CSIVolumeSource");

static const struct field image_volume_source_fields[] = {
    ROW(1, "reference", T_STRING, 0, "The image, named as in a container."),
    ROW(2, "pullPolicy", T_STRING, 0, "When to pull; as imagePullPolicy of a container.",
	.values = ENUM("Always", "IfNotPresent", "Never"), .go_type = "PullPolicy"),
    {0},
};
SCHEMA(image_volume_source, "ImageVolumeSource");

static const struct field volume_mount_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of a volume of the pod."),
    ROW(2, "readOnly", T_BOOL, 0, "Whether the container cannot write to it."),
    ROW(7, "recursiveReadOnly", T_STRING, F_PTR | F_LATER,
	"Whether mounts below a read-only one are read-only too.",
	.values = ENUM("Disabled", "Enabled", "IfPossible"), .accept = "\"Disabled\"",
	.go_type = "RecursiveReadOnlyMode"),
    ROW(3, "mountPath", T_STRING, F_REQUIRED, "Where it appears in the container."),
    ROW(4, "subPath", T_STRING, 0, "A path in the volume that appears instead of all of it."),
    ROW(5, "mountPropagation", T_STRING, F_PTR,
	"Whether mounts that are made later are seen: HostToContainer, Bidirectional, or None.",
	.values = ENUM("Bidirectional", "HostToContainer", "None"),
	.go_type = "MountPropagationMode"),
    ROW(6, "subPathExpr", T_STRING, 0,
	"As subPath, with $(NAME) replaced by variables of the container."),
    {0},
};
SCHEMA(volume_mount, "VolumeMount");

static const struct field volume_device_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of a claim's volume of the pod."),
    ROW(2, "devicePath", T_STRING, F_REQUIRED, "Path of the device in the container."),
    {0},
};
SCHEMA(volume_device, "VolumeDevice");

static const struct field gce_persistent_disk_volume_source_fields[] = {
    ROW(1, "pdName", T_STRING, F_REQUIRED, "Name of the disk."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    ROW(3, "partition", T_INT32, 0, "Partition."),
    ROW(4, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(gce_persistent_disk_volume_source, "GCEPersistentDiskVolumeSource");

static const struct field aws_elastic_block_store_volume_source_fields[] = {
    ROW(1, "volumeID", T_STRING, F_REQUIRED, "Id of the volume."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    ROW(3, "partition", T_INT32, 0, "Partition."),
    ROW(4, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(aws_elastic_block_store_volume_source, "AWSElasticBlockStoreVolumeSource");

static const struct field git_repo_volume_source_fields[] = {
    ROW(1, "repository", T_STRING, F_REQUIRED, "URL."),
    ROW(2, "revision", T_STRING, 0, "Commit."),
    ROW(3, "directory", T_STRING, 0, "Folder."),
    {0},
};
SCHEMA(git_repo_volume_source, "GitRepoVolumeSource");

static const struct field nfs_volume_source_fields[] = {
    ROW(1, "server", T_STRING, F_REQUIRED, "Server."),
    ROW(2, "path", T_STRING, F_REQUIRED, "Export."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(nfs_volume_source, "NFSVolumeSource");

static const struct field iscsi_volume_source_fields[] = {
    ROW(1, "targetPortal", T_STRING, F_REQUIRED, "Portal."),
    ROW(2, "iqn", T_STRING, F_REQUIRED, "Qualified name."),
    ROW(3, "lun", T_INT32, F_REQUIRED, "Unit."),
    ROW(4, "iscsiInterface", T_STRING, 0, "Interface.", .dflt = "\"default\""),
    ROW(5, "fsType", T_STRING, 0, "File system."),
    ROW(6, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(7, "portals", T_STRING_LIST, 0, "Further portals."),
    ROW(8, "chapAuthDiscovery", T_BOOL, 0, "Whether discovery uses CHAP."),
    ROW(11, "chapAuthSession", T_BOOL, 0, "Whether sessions use CHAP."),
    ROW(10, "secretRef", T_OBJECT, F_PTR, "Secret for CHAP.", .of = &schema_local_object_reference),
    ROW(12, "initiatorName", T_STRING, F_PTR, "Initiator."),
    {0},
};
SCHEMA(iscsi_volume_source, "ISCSIVolumeSource");

static const struct field glusterfs_volume_source_fields[] = {
    ROW(1, "endpoints", T_STRING, F_REQUIRED, "Endpoints object."),
    ROW(2, "path", T_STRING, F_REQUIRED, "Volume."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(glusterfs_volume_source, "GlusterfsVolumeSource");

static const struct field rbd_volume_source_fields[] = {
    ROW(1, "monitors", T_STRING_LIST, F_REQUIRED, "Monitors."),
    ROW(2, "image", T_STRING, F_REQUIRED, "Image."),
    ROW(3, "fsType", T_STRING, 0, "File system."),
    ROW(4, "pool", T_STRING, 0, "Pool.", .dflt = "\"rbd\""),
    ROW(5, "user", T_STRING, 0, "User.", .dflt = "\"admin\""),
    ROW(6, "keyring", T_STRING, 0, "Key file.", .dflt = "\"/etc/ceph/keyring\""),
    ROW(7, "secretRef", T_OBJECT, F_PTR, "Secret.", .of = &schema_local_object_reference),
    ROW(8, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(rbd_volume_source, "RBDVolumeSource");

static const struct field flex_volume_source_fields[] = {
    ROW(1, "driver", T_STRING, F_REQUIRED, "Name of the driver."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    ROW(3, "secretRef", T_OBJECT, F_PTR, "Secret.", .of = &schema_local_object_reference),
    ROW(4, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(5, "options", T_STRING_MAP, 0, "Settings for the driver."),
    {0},
};
SCHEMA(flex_volume_source, "FlexVolumeSource");

static const struct field cinder_volume_source_fields[] = {
    ROW(1, "volumeID", T_STRING, F_REQUIRED, "Id of the volume."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(4, "secretRef", T_OBJECT, F_PTR, "Secret.", .of = &schema_local_object_reference),
    {0},
};
SCHEMA(cinder_volume_source, "CinderVolumeSource");

static const struct field ceph_fs_volume_source_fields[] = {
    ROW(1, "monitors", T_STRING_LIST, F_REQUIRED, "Monitors."),
    ROW(2, "path", T_STRING, 0, "Folder."),
    ROW(3, "user", T_STRING, 0, "User."),
    ROW(4, "secretFile", T_STRING, 0, "Key file."),
    ROW(5, "secretRef", T_OBJECT, F_PTR, "Secret.", .of = &schema_local_object_reference),
    ROW(6, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(ceph_fs_volume_source, "CephFSVolumeSource");

static const struct field flocker_volume_source_fields[] = {
    ROW(1, "datasetName", T_STRING, 0, "Name of the dataset."),
    ROW(2, "datasetUUID", T_STRING, 0, "UUID of the dataset."),
    {0},
};
SCHEMA(flocker_volume_source, "FlockerVolumeSource");

static const struct field fc_volume_source_fields[] = {
    ROW(1, "targetWWNs", T_STRING_LIST, 0, "World wide names."),
    ROW(2, "lun", T_INT32, F_PTR, "Unit."),
    ROW(3, "fsType", T_STRING, 0, "File system."),
    ROW(4, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(5, "wwids", T_STRING_LIST, 0, "World wide ids."),
    {0},
};
SCHEMA(fc_volume_source, "FCVolumeSource");

static const struct field azure_file_volume_source_fields[] = {
    ROW(1, "secretName", T_STRING, F_REQUIRED, "Secret."),
    ROW(2, "shareName", T_STRING, F_REQUIRED, "Share."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(azure_file_volume_source, "AzureFileVolumeSource");

static const struct field vsphere_virtual_disk_volume_source_fields[] = {
    ROW(1, "volumePath", T_STRING, F_REQUIRED, "Path of the disk."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    ROW(3, "storagePolicyName", T_STRING, 0, "Policy."),
    ROW(4, "storagePolicyID", T_STRING, 0, "Id of the policy."),
    {0},
};
SCHEMA(vsphere_virtual_disk_volume_source, "VsphereVirtualDiskVolumeSource");

static const struct field quobyte_volume_source_fields[] = {
    ROW(1, "registry", T_STRING, F_REQUIRED, "Registry."),
    ROW(2, "volume", T_STRING, F_REQUIRED, "Volume."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(4, "user", T_STRING, 0, "User."),
    ROW(5, "group", T_STRING, 0, "Group."),
    ROW(6, "tenant", T_STRING, 0, "Tenant."),
    {0},
};
SCHEMA(quobyte_volume_source, "QuobyteVolumeSource");

static const struct field azure_disk_volume_source_fields[] = {
    ROW(1, "diskName", T_STRING, F_REQUIRED, "Name of the disk."),
    ROW(2, "diskURI", T_STRING, F_REQUIRED, "URI of the disk."),
    ROW(3, "cachingMode", T_STRING, F_PTR, "Caching.",
	.values = ENUM("None", "ReadOnly", "ReadWrite"), .dflt = "\"ReadWrite\"",
	.go_type = "AzureDataDiskCachingMode"),
    ROW(4, "fsType", T_STRING, F_PTR, "File system.", .dflt = "\"ext4\""),
    ROW(5, "readOnly", T_BOOL, F_PTR, "Whether it is read-only.", .dflt = "false"),
    ROW(6, "kind", T_STRING, F_PTR, "Kind of disk.",
	.values = ENUM("Dedicated", "Managed", "Shared"), .dflt = "\"Shared\"",
	.go_type = "AzureDataDiskKind"),
    {0},
};
SCHEMA(azure_disk_volume_source, "AzureDiskVolumeSource");

static const struct field photon_persistent_disk_volume_source_fields[] = {
    ROW(1, "pdID", T_STRING, F_REQUIRED, "Id of the disk."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    {0},
};
SCHEMA(photon_persistent_disk_volume_source, "PhotonPersistentDiskVolumeSource");

static const struct field portworx_volume_source_fields[] = {
    ROW(1, "volumeID", T_STRING, F_REQUIRED, "Id of the volume."),
    ROW(2, "fsType", T_STRING, 0, "File system."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(portworx_volume_source, "PortworxVolumeSource");

static const struct field scale_io_volume_source_fields[] = {
    ROW(1, "gateway", T_STRING, F_REQUIRED, "Gateway."),
    ROW(2, "system", T_STRING, F_REQUIRED, "System."),
    ROW(3, "secretRef", T_OBJECT, F_PTR, "Secret.", .of = &schema_local_object_reference),
    ROW(4, "sslEnabled", T_BOOL, 0, "Whether TLS is used."),
    ROW(5, "protectionDomain", T_STRING, 0, "Protection domain."),
    ROW(6, "storagePool", T_STRING, 0, "Storage pool."),
    ROW(7, "storageMode", T_STRING, 0, "Provisioning.", .dflt = "\"ThinProvisioned\""),
    ROW(8, "volumeName", T_STRING, 0, "Volume."),
    ROW(9, "fsType", T_STRING, 0, "File system.", .dflt = "\"xfs\""),
    ROW(10, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    {0},
};
SCHEMA(scale_io_volume_source, "ScaleIOVolumeSource");

static const struct field storage_os_volume_source_fields[] = {
    ROW(1, "volumeName", T_STRING, 0, "Volume."),
    ROW(2, "volumeNamespace", T_STRING, 0, "Namespace of the volume."),
    ROW(3, "fsType", T_STRING, 0, "File system."),
    ROW(4, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(5, "secretRef", T_OBJECT, F_PTR, "Secret.", .of = &schema_local_object_reference),
    {0},
};
SCHEMA(storage_os_volume_source, "StorageOSVolumeSource");
