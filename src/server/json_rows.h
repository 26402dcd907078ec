// SPDX-License-Identifier: Apache-2.0
// Rows as they go over the wire (api/openapi.yaml, components).
#pragma once

#include "base/json.h"
#include "store/rows.h"

namespace oort {

Json to_json(const ExperimentRow& experiment);
Json to_json(const AssetRow& asset);
Json to_json(const MetricRow& metric);
Json to_json(const MetricPoint& point);
Json to_json(const ValueRow& value);

}  // namespace oort
