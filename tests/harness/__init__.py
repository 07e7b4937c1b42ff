"""What tests are written with, for every folder of tests.

* A whole PicSafe: `clinic` (on a port, for browsers), `clinic_for_commands` (for processes), `command_line` (within this
  process), `roles_in_one_process` and `server_process` (as operators run it). `NetworkFaults` is what happens between
  them and their clients.
* One role: `user_server`, `key_server`, `cloud_server`, `cloud_on_a_port`; `crashing_*` are killed at the n-th of their `kill_points`.
* Real neighbours: `postgres`, `ceph`, `s3_buckets`, `reverse_proxies`, `containers`, and `third_party_server` for
  servers that are slow, endless or hostile.
* Reports and files: `report_factory`, `package_examples`, `report_strategies`, `delivered_reports`, `media_files`,
  `photos`, `films`, `dicom_files`, `shared_files` (vectors and samples outside of the repository).
* `browser`: engines, a person's session, the send page, a person with a keyboard only, downloads, WebKit's driver.
"""
