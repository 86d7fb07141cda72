# SPDX-License-Identifier: Apache-2.0
"""The world around a gateway: network namespaces, real peers, and independent readers of what is on the wire."""
