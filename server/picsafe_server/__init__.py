"""The PicSafe backend: three roles (users, cloud, keys) that speak to each other over HTTP, in one process or in
many.
"""
